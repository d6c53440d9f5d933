//! Places in the file, and messages about them.

use std::fmt;

/// The path from the top of the file to a value: `clients[2].refresh_token.leeway`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Path(Vec<Step>);

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A key of a mapping.
    Key(String),
    /// An index of a list.
    Index(usize),
}

impl Path {
    /// The path of the whole file: without keys.
    pub(crate) fn root() -> Self {
        Self::default()
    }

    /// The path of a key in the mapping at this path.
    pub(crate) fn key(&self, key: &str) -> Self {
        self.step(Step::Key(key.to_owned()))
    }

    /// The path of an element in the list at this path.
    pub(crate) fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    /// The path of the value that holds this one, and this one's key or index.
    pub(crate) fn split_last(&self) -> Option<(Self, &Step)> {
        let (last, parents) = self.0.split_last()?;
        Some((Self(parents.to_vec()), last))
    }

    /// The steps from the top.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path without its indexes: `clients[].refresh_token`.
    pub(crate) fn shape(&self) -> String {
        let mut shape = String::new();
        for step in &self.0 {
            match step {
                Step::Key(key) if shape.is_empty() => shape.push_str(key),
                Step::Key(key) => {
                    shape.push('.');
                    shape.push_str(key);
                }
                Step::Index(_) => shape.push_str("[]"),
            }
        }
        shape
    }

    fn step(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl FromIterator<Step> for Path {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// An invalid value, or a warning about one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Path to the faulty value.
    pub(crate) at: Path,
    /// A lower-case fragment that continues `path: `.
    pub(crate) message: String,
    /// Place in a script file; `None` if the fault is in the tenant file.
    pub(crate) script: Option<ScriptPlace>,
}

/// A place in a script file: file name, line and column, both from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ScriptPlace {
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Fault {
    /// A fault of a value.
    pub(crate) fn new(at: Path, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
            script: None,
        }
    }

    /// A fault at a place in a script file.
    pub(crate) fn in_script(
        file: impl Into<String>,
        (line, column): (u32, u32),
        message: impl Into<String>,
    ) -> Self {
        Self {
            at: Path::root(),
            message: message.into(),
            script: Some(ScriptPlace {
                file: file.into(),
                line,
                column,
            }),
        }
    }
}

/// Result of a check.
pub(crate) type Checked<T> = Result<T, Fault>;

#[derive(Debug, Default)]
pub(crate) struct Notes(Vec<Fault>);

impl Notes {
    pub(crate) fn warn(&mut self, at: Path, message: impl Into<String>) {
        self.0.push(Fault::new(at, message));
    }

    /// All warnings in the order in which they were added.
    pub(crate) fn into_faults(self) -> Vec<Fault> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_people_write_it() {
        let path = Path::root()
            .key("clients")
            .index(2)
            .key("refresh_token")
            .key("leeway");
        assert_eq!(path.to_string(), "clients[2].refresh_token.leeway");
        assert_eq!(path.shape(), "clients[].refresh_token.leeway");
    }
}
