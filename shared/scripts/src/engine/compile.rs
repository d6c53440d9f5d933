//! Compiles the sources of scripts to a [`Program`].

use std::{rc::Rc, time::Duration};

use rquickjs::{Ctx, Error, Object};

use super::{
    Limits, Program,
    bytecode::Bytecode,
    failure,
    needs::{Language, Needs},
    program::{Compiled, CompiledAction},
    warm::Warm,
};
use crate::{Action, Rule, Scripts};

/// A script failed to compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{script}:{line}:{column}: {message}")]
pub struct CompileError {
    /// Name of the Rule or Action.
    pub script: String,
    /// Line of the script, counted from 1.
    pub line: u32,
    /// Column of the line, counted from 1.
    pub column: u32,
    /// QuickJS' message, without the place.
    pub message: String,
}

/// The error of a Rule whose source is not a function.
const NO_FUNCTION: &str = "a rule is one function: function (user, context, callback) { ... }";

/// Prefix of a Rule's source, which is an expression, perhaps with a semicolon. After `0,` it is a statement whose
/// value is the function. The prefix fills the lines before line 1, so that positions are those of the source.
const BEFORE_RULE: &str = "0,\n\n";
const FIRST_LINE: i32 = -1;

/// Prefix of an Action's source, which is the body of a function, as Node wraps a `CommonJS` module.
const BEFORE_ACTION: &str = "(function (exports, module, require) {\n\n";
const AFTER_ACTION: &str = "\n})";

impl Program {
    /// Compiles all scripts and stops at the first error.
    pub fn compile(scripts: &Scripts) -> Result<Self, CompileError> {
        let mut program = Self {
            rules: Vec::new(),
            actions: Vec::new(),
            configuration: scripts.configuration.clone(),
            needs: Needs::NOTHING,
        };
        if scripts.is_empty() {
            return Ok(program);
        }
        let compiler = Compiler::new()?;
        for rule in &scripts.rules {
            program.rules.push(compiler.rule(rule)?);
        }
        for action in &scripts.actions {
            program.actions.push(compiler.action(action)?);
        }
        let needs = program.rules.iter().map(|rule| rule.needs);
        program.needs = needs.fold(Needs::NOTHING, Needs::with);
        Ok(program)
    }

    /// Checks a Rule's source before an import stores it.
    pub fn check_rule(rule: &Rule) -> Result<(), CompileError> {
        Compiler::new()?.rule(rule).map(drop)
    }

    /// Checks an Action's code before an import stores it.
    pub fn check_action(action: &Action) -> Result<(), CompileError> {
        Compiler::new()?.action(action).map(drop)
    }
}

/// A runtime in which scripts are compiled.
struct Compiler(Warm);

impl Compiler {
    fn new() -> Result<Self, CompileError> {
        // Compiling waits for nothing, so only a busy machine makes it take longer than its limited CPU time.
        let warm = Warm::new(Limits {
            wall: Duration::from_mins(10),
            ..Limits::default()
        });
        warm.map(Self).map_err(|error| CompileError {
            script: String::new(),
            line: 1,
            column: 1,
            message: error.to_string(),
        })
    }

    fn rule(&self, rule: &Rule) -> Result<Compiled, CompileError> {
        let source = format!("{BEFORE_RULE}{}", rule.script);
        let mut needs = Needs::of(&rule.script);
        if needs.language == Language::Small && !self.is_small(&source) {
            needs = needs.with(Needs::USUAL);
        }
        self.compile(&rule.name, &source, needs, |ctx, bytecode| {
            let value = bytecode.run(ctx)?;
            Ok(value.is_function())
        })
    }

    fn action(&self, action: &Action) -> Result<CompiledAction, CompileError> {
        let source = format!("{BEFORE_ACTION}{}{AFTER_ACTION}", action.code);
        let needs = Needs::of_action(&action.code);
        let script = self.compile(&action.name, &source, needs, |_, _| Ok(true))?;
        Ok(CompiledAction {
            script,
            secrets: action.secrets.clone(),
        })
    }

    /// True if a source compiles without regular expression literals. A syntax error makes it false, too; the next
    /// compilation reports it better.
    fn is_small(&self, source: &str) -> bool {
        let compiles = self.0.compiling(Language::Small, |ctx, _| {
            let compiled = Bytecode::compile(ctx, "rule", source, FIRST_LINE);
            compiled.inspect_err(|_| drop(ctx.catch())).is_ok()
        });
        compiles.unwrap_or(false)
    }

    fn compile(
        &self,
        name: &str,
        source: &str,
        needs: Needs,
        is_function: impl FnOnce(&Ctx<'_>, &Bytecode) -> rquickjs::Result<bool>,
    ) -> Result<Compiled, CompileError> {
        let script: Rc<str> = Rc::from(name);
        let error = |line, column, message: String| CompileError {
            script: name.to_owned(),
            line,
            column,
            message,
        };
        self.0
            .compiling(Language::Whole, |ctx, bridge| {
                bridge.enter(&script);
                let bytecode = match Bytecode::compile(ctx, name, source, FIRST_LINE) {
                    Ok(bytecode) => bytecode,
                    Err(thrown) => {
                        let (line, column, message) = position_and_message(ctx, &thrown, name);
                        return Err(error(line, column, message));
                    }
                };
                match is_function(ctx, &bytecode) {
                    Ok(true) => Ok(Compiled {
                        name: name.to_owned(),
                        bytecode,
                        needs,
                    }),
                    Ok(false) => Err(error(1, 1, NO_FUNCTION.to_owned())),
                    Err(thrown) => {
                        let (line, column, message) = position_and_message(ctx, &thrown, name);
                        Err(error(line, column, format!("{message}; {NO_FUNCTION}")))
                    }
                }
            })
            .unwrap_or_else(|failed| Err(error(1, 1, failed.to_string())))
    }
}

/// An exception's line, column and message.
fn position_and_message(ctx: &Ctx<'_>, error: &Error, name: &str) -> (u32, u32, String) {
    if !matches!(error, Error::Exception) {
        return (1, 1, error.to_string());
    }
    let thrown = ctx.catch();
    let property = |name: &str| {
        let object: Option<&Object> = thrown.as_object();
        let text = object.and_then(|object| object.get::<_, String>(name).ok());
        text.unwrap_or_default()
    };
    let (line, column) = failure::place(&property("stack"), name).unwrap_or((1, 1));
    let message = match property("message").as_str() {
        "unexpected token in expression: ''" => "unexpected end of input".to_owned(),
        message => failure::shortened(message),
    };
    (line, column, message)
}
