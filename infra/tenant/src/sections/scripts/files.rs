//! Source texts of scripts: files beside the tenant file, as [Auth0's deploy CLI] lays them out, or the tenant file
//! itself.
//!
//! [Auth0's deploy CLI]: https://auth0.com/docs/deploy-monitor/deploy-cli-tool

use std::{
    cell::RefCell,
    fs, io,
    path::{Component, Path as FilePath, PathBuf},
};

use ratchet_scripts::engine::CompileError;

use crate::yaml::{
    Keywords,
    path::{Checked, Fault, Notes, Path},
};

/// The largest script that Auth0 accepts, in bytes. One script with its secrets fits an item of the table.
const MAX_SCRIPT: usize = 100 * 1024;

/// The folder of the tenant file, and the script files read from it.
#[derive(Debug)]
pub(crate) struct ScriptFiles<'a> {
    folder: Option<&'a FilePath>,
    keywords: &'a Keywords,
    read: RefCell<Vec<PathBuf>>,
}

/// The text of a script.
#[derive(Debug)]
pub(crate) struct Source {
    /// The text with its keywords replaced.
    pub(crate) text: String,
    /// The file as the tenant file names it; `None` for an inline script.
    file: Option<String>,
}

impl<'a> ScriptFiles<'a> {
    /// Script files of a folder; without a folder, scripts must be inline.
    pub(crate) fn new(folder: Option<&'a FilePath>, keywords: &'a Keywords) -> Self {
        Self {
            folder,
            keywords,
            read: RefCell::default(),
        }
    }

    /// The files that reading was attempted of, including files that do not exist.
    pub(crate) fn into_read(self) -> Vec<PathBuf> {
        self.read.into_inner()
    }

    /// The inline script `text`, or the script in the file of that name.
    pub(crate) fn source(&self, text: &str, at: &Path, notes: &mut Notes) -> Checked<Source> {
        let fault = |message: String| Fault::new(at.clone(), message);
        if is_source(text) {
            return sized(text.to_owned(), None).map_err(fault);
        }
        let path = self
            .locate(text)
            .map_err(|reason| fault(reason.to_owned()))?;
        self.read.borrow_mut().push(path.clone());
        let bytes = fs::read(&path).map_err(|error| {
            let reason = match error.kind() {
                io::ErrorKind::NotFound => "there is no such file".to_owned(),
                _ => error.to_string(),
            };
            fault(format!("{text}: {reason}"))
        })?;
        let script = String::from_utf8(bytes).map_err(|_| fault(format!("{text}: not UTF-8")))?;
        let (script, unknown) = self.keywords.replace_known(&script);
        for (line, keyword) in unknown {
            let message = format!("{text}:{line}: the keyword `{keyword}` has no value");
            notes.warn(at.clone(), message);
        }
        sized(script, Some(text)).map_err(fault)
    }

    /// Path of a script file, which must be in the folder of the tenant file or below it.
    fn locate(&self, name: &str) -> Result<PathBuf, &'static str> {
        const OUTSIDE: &str = "must be a file in the folder of the tenant file";
        let Some(folder) = self.folder else {
            return Err("names a file, but this tenant file lies in no folder");
        };
        // The deploy CLI does the same, for exports made on Windows.
        let name = name.replace('\\', "/");
        let mut inside = PathBuf::new();
        for component in FilePath::new(&name).components() {
            match component {
                Component::Normal(part) => inside.push(part),
                Component::CurDir => {}
                Component::ParentDir if inside.pop() => {}
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                    return Err(OUTSIDE);
                }
            }
        }
        if inside.as_os_str().is_empty() {
            return Err(OUTSIDE);
        }
        Ok(folder.join(inside))
    }
}

impl Source {
    /// A compile error as a fault of the script file, or else of the value that contains the script.
    pub(crate) fn fault(&self, error: &CompileError, at: &Path) -> Fault {
        let CompileError {
            line,
            column,
            message,
            ..
        } = error;
        match &self.file {
            Some(file) => Fault::in_script(file, (*line, *column), message.as_str()),
            None => {
                let message = format!("line {line}, column {column} of the script: {message}");
                Fault::new(at.clone(), message)
            }
        }
    }
}

/// True if a text is a script and not a file name: every function has a brace or an arrow.
fn is_source(text: &str) -> bool {
    text.contains(['\n', '{']) || text.contains("=>")
}

fn sized(text: String, file: Option<&str>) -> Result<Source, String> {
    if text.len() > MAX_SCRIPT {
        let name = file.map(|file| format!("{file}: ")).unwrap_or_default();
        return Err(format!(
            "{name}must have at most {MAX_SCRIPT} bytes, not {}",
            text.len()
        ));
    }
    Ok(Source {
        text,
        file: file.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(name: &str) -> Result<PathBuf, &'static str> {
        let keywords = Keywords::new();
        ScriptFiles::new(Some(FilePath::new("tenants/shop")), &keywords).locate(name)
    }

    #[test]
    fn a_script_lies_beside_the_tenant_file_or_below() {
        for name in [
            "./rules/a b.js",
            "rules/a b.js",
            "rules/../rules/./a b.js",
            "rules\\a b.js",
        ] {
            let path = PathBuf::from("tenants/shop/rules/a b.js");
            assert_eq!(located(name), Ok(path), "{name}");
        }
        for name in ["../a.js", "rules/../../a.js", "/etc/passwd", ".", "a/.."] {
            assert_eq!(
                located(name),
                Err("must be a file in the folder of the tenant file"),
                "{name}"
            );
        }
    }

    #[test]
    fn a_function_is_source_text_and_a_path_is_not() {
        for script in [
            "function (user, context, callback) { callback(null, user, context); }",
            "(user, context, callback) => callback(null, user, context)",
            "exports.onExecutePostLogin =\n  require('x')",
        ] {
            assert!(is_source(script), "{script}");
        }
        for name in ["./rules/a.js", "functions/(async).js", "function"] {
            assert!(!is_source(name), "{name}");
        }
    }
}
