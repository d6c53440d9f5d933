//! The parts of a context that a script can name. Its context needs no others, and leaves them out: a fresh context at
//! every login is most of a script's cost, and most scripts use little of the language.

use super::library::{self, Globals};

/// The parts that a context must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Needs {
    pub(super) language: Language,
    pub(super) timers: bool,
    pub(super) library: Globals,
}

/// The part of the language that a context has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Language {
    /// Without the names of [`USUAL`], and without regular expression literals.
    Small,
    /// Without the names of [`RARE`].
    Usual,
    Whole,
}

/// Names that lead to promises, proxies, regular expressions, maps and sets: a third of a context.
const USUAL: [&str; 16] = [
    "Map",
    "Promise",
    "Proxy",
    "RegExp",
    "Set",
    "WeakMap",
    "WeakSet",
    "async",
    "auth0",
    "await",
    "fromAsync",
    "import",
    "match",
    "matchAll",
    "queueMicrotask",
    "search",
];

/// Names that few scripts use: another third of a context.
const RARE: [&str; 19] = [
    "ArrayBuffer",
    "Atomics",
    "BigInt64Array",
    "BigUint64Array",
    "DOMException",
    "DataView",
    "Float16Array",
    "Float32Array",
    "Float64Array",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "SharedArrayBuffer",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "WeakRef",
    "performance",
];

/// Names by which a script reaches globals without naming them.
const WAYS_ROUND: [&str; 5] = ["Function", "constructor", "eval", "globalThis", "this"];

const TIMERS: [&str; 6] = [
    "clearImmediate",
    "clearInterval",
    "clearTimeout",
    "setImmediate",
    "setInterval",
    "setTimeout",
];

impl Needs {
    /// The smallest language and nothing else.
    pub(super) const NOTHING: Self = Self {
        language: Language::Small,
        timers: false,
        library: Globals::NONE,
    };

    /// The language as most scripts use it.
    pub(super) const USUAL: Self = Self {
        language: Language::Usual,
        ..Self::NOTHING
    };

    pub(super) const ALL: Self = Self {
        language: Language::Whole,
        timers: true,
        library: Globals::ALL,
    };

    /// The needs of a source, by its words. Words in strings count, too: an unused part costs little, but a missing one
    /// would be an error. Only a compiler can detect regular expression literals.
    pub(super) fn of(source: &str) -> Self {
        // An escape may spell any name.
        let is_escaped = source.contains("\\u");
        let mut words = words(source);
        if is_escaped || words.any(|word| WAYS_ROUND.contains(&word.text)) {
            return Self::ALL;
        }
        let mut reading = Reading::default();
        if reading.read(source) == Reads::Unknown {
            return Self::ALL;
        }
        reading.finish()
    }

    /// The needs of an Action. Its `global` is the context's global object, and the engine awaits it by a promise.
    pub(super) fn of_action(code: &str) -> Self {
        if words(code).any(|word| word.text == "global") {
            return Self::ALL;
        }
        Self::of(code).with(Self::USUAL)
    }

    /// The needs of both.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            language: self.language.max(other.language),
            timers: self.timers || other.timers,
            library: self.library.with(other.library),
        }
    }
}

/// The needs found so far in a script and in the library's files that it requires.
struct Reading<'a> {
    needs: Needs,
    modules: Vec<&'a str>,
}

/// `Known` if a source names every module that it requires by a literal.
#[derive(PartialEq, Eq)]
enum Reads {
    Known,
    Unknown,
}

impl Default for Reading<'_> {
    fn default() -> Self {
        Self {
            needs: Needs::NOTHING,
            modules: Vec::new(),
        }
    }
}

impl<'a> Reading<'a> {
    fn read(&mut self, source: &'a str) -> Reads {
        let mut reads = Reads::Known;
        for word in words(source) {
            if USUAL.contains(&word.text) {
                // Members count as well, because some are methods of strings.
                self.needs = self.needs.with(Needs::USUAL);
            } else if word.text == "require" {
                self.needs.library = self.needs.library.with(Globals::REQUIRE);
                match required(word.rest) {
                    Some(module) => self.take(module),
                    None => reads = Reads::Unknown,
                }
            } else if !word.is_member {
                self.name(word.text);
            }
        }
        reads
    }

    fn name(&mut self, name: &str) {
        if RARE.contains(&name) {
            self.needs.language = Language::Whole;
        }
        self.needs.timers |= TIMERS.contains(&name);
        if let Some((global, module)) = Globals::named(name) {
            self.needs.library = self.needs.library.with(global);
            self.take(module);
        }
    }

    fn take(&mut self, module: &'a str) {
        if !self.modules.contains(&module) {
            self.modules.push(module);
        }
    }

    /// Reads the files of all modules. They contain none of [`WAYS_ROUND`], and require by literals only.
    fn finish(mut self) -> Needs {
        let mut next = 0;
        while let Some(module) = self.modules.get(next).copied() {
            if let Some(source) = library::source(module) {
                self.read(source);
            }
            next += 1;
        }
        if self.needs.library.is_empty() {
            self.needs
        } else {
            // The library's files, and `require` itself, use regular expressions and maps.
            self.needs.with(Needs::USUAL)
        }
    }
}

/// The module named after the word `require`; `None` unless that is a call with a literal.
fn required(rest: &str) -> Option<&str> {
    let argument = rest.trim_start().strip_prefix('(')?.trim_start();
    let quote = argument
        .chars()
        .next()
        .filter(|c| matches!(c, '\'' | '"'))?;
    let (name, rest) = argument[1..].split_once(quote)?;
    let is_call = rest.trim_start().starts_with(')') && !name.contains('\\');
    is_call.then_some(name)
}

/// The lines of a source without the comments on lines of their own, whose prose often contains `this`. Only a parser
/// can recognize other comments. A source with templates or continued strings keeps all its lines.
fn code(source: &str) -> impl Iterator<Item = &str> {
    let is_end = |c| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
    let continued = |(at, _)| source[at + 1..].starts_with(is_end);
    let is_plain = !source.contains('`') && !source.match_indices('\\').any(continued);
    let mut in_comment = false;
    source.split(is_end).map(move |line| {
        if is_plain {
            outside_comments(line, &mut in_comment)
        } else {
            line
        }
    })
}

/// A line without its leading comments; it may begin or end within one.
fn outside_comments<'a>(line: &'a str, in_comment: &mut bool) -> &'a str {
    let mut rest = line.trim_start();
    loop {
        if !*in_comment {
            if let Some(comment) = rest.strip_prefix("/*") {
                (rest, *in_comment) = (comment, true);
            } else if rest.starts_with("//") && !rest.contains("*/") {
                return "";
            } else {
                return rest;
            }
        }
        let Some((_, after)) = rest.split_once("*/") else {
            return "";
        };
        (rest, *in_comment) = (after.trim_start(), false);
    }
}

/// A word of a source.
struct Word<'a> {
    text: &'a str,
    /// True if it follows a full stop, as a property does.
    is_member: bool,
    /// The rest of its line.
    rest: &'a str,
}

/// The words of a source.
fn words(source: &str) -> impl Iterator<Item = Word<'_>> {
    code(source).flat_map(|line| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let words = line.split(move |c| !is_word(c));
        words.filter(|word| !word.is_empty()).map(move |text| {
            let at = text.as_ptr().addr() - line.as_ptr().addr();
            let before = &line[..at];
            Word {
                text,
                is_member: before.ends_with('.') && !before.ends_with("..."),
                rest: &line[at + text.len()..],
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(source: &str) -> Language {
        Needs::of(source).language
    }

    #[test]
    fn globals_that_a_rule_does_not_name_are_not_created() {
        let rule = "function (user, context, callback) {
            user.app_metadata = user.app_metadata || {};
            context.idToken['https://acme.example/ip'] = context.request.ip;
            global.count = (global.count || 0) + new Date().getTime();
            console.log(JSON.stringify(user));
            callback(null, user, context);
        }";
        assert_eq!(Needs::of(rule), Needs::NOTHING);
        let waiting = "(u, c, done) => { setTimeout(() => done(null, u, c), 1); }";
        let timers = Needs {
            timers: true,
            ..Needs::NOTHING
        };
        assert_eq!(Needs::of(rule).with(Needs::of(waiting)), timers);
    }

    #[test]
    fn a_script_gets_every_global_that_it_names() {
        let (lodash, _) = Globals::named("_").unwrap();
        let lodash = lodash.with(Globals::REQUIRE);
        for source in ["_.get(user, 'a')", "(..._) => _", "[..._.keys(user)]"] {
            assert_eq!(Needs::of(source).library, lodash, "{source}");
        }
        assert!(Needs::of("setTimeout(done, 1)").timers);
        assert_eq!(language("new Uint8Array(4)"), Language::Whole);
        for source in [
            "async (user, context, callback) => {}",
            "'abc'.match('b')",
            "'abc'['search']('b')",
            "new Set([1])",
            "auth0.users.updateAppMetadata(user.user_id, {}, done)",
        ] {
            assert_eq!(language(source), Language::Usual, "{source}");
        }
    }

    #[test]
    fn a_module_brings_what_its_files_need() {
        for (source, language) in [
            ("require('ms')", Language::Usual),
            ("require(\"lodash\").uniq(list)", Language::Usual),
            ("require( 'node:url' )", Language::Usual),
            ("require('uuid@3.3.2/v4')()", Language::Whole),
            ("require('bcryptjs')", Language::Whole),
            ("require('nothing')", Language::Usual),
            ("jwt.decode(token)", Language::Whole),
            ("fetch(url)", Language::Whole),
            ("`${Buffer.from(x)}`", Language::Whole),
        ] {
            let needs = Needs::of(source);
            assert_eq!(needs.language, language, "{source}");
            assert_ne!(needs.library, Globals::NONE, "{source}");
        }
        assert!(Needs::of("request.get(url, done)").timers);
        for unknown in ["require(name)", "const r = require;", "require('a' + b)"] {
            assert_eq!(Needs::of(unknown), Needs::ALL, "{unknown}");
        }
    }

    #[test]
    fn a_way_round_makes_everything() {
        for source in [
            "globalThis['con' + 'sole']",
            "(function () { return this; })()",
            "[].constructor.constructor('return 1')",
            "eval(text)",
            "c\\u006fnsole.log(1)",
        ] {
            assert_eq!(Needs::of(source), Needs::ALL, "{source}");
        }
    }

    #[test]
    fn an_action_has_promises_and_by_global_everything() {
        let plain = "exports.onExecutePostLogin = (event, api) => {};";
        assert_eq!(Needs::of_action(plain), Needs::USUAL);
        let global = "exports.onExecutePostLogin = () => global.Buffer.from('a');";
        assert_eq!(Needs::of_action(global), Needs::ALL);
    }

    #[test]
    fn comments_on_lines_of_their_own_name_nothing() {
        for source in [
            "// this\ncallback()",
            "  // request\r\n  // this\r\ncallback()",
            "/* this\n * request\n */\ncallback()",
            "/** this */ callback()",
            "/* a */ /* this */ callback()",
        ] {
            assert_eq!(Needs::of(source), Needs::NOTHING, "{source}");
        }
    }

    #[test]
    fn text_that_only_looks_like_a_comment_counts() {
        for source in [
            "/* a */ this",
            "/* a\n b */ /* c */ this",
            "test(/https?:\\/\\/x/) || this",
            "a(); /* b\n// c */ this",
            "`\n// ${this}`",
            "'\\\n// ' + this + '\\\n'",
            "// a\rthis",
            "// a\u{2028}this",
            "a(); // this",
        ] {
            assert_eq!(Needs::of(source), Needs::ALL, "{source}");
        }
    }
}
