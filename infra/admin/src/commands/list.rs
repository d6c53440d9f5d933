//! Output of the `list` commands: columns for people or JSON for programs.

use clap::Args;
use serde::Serialize;

use super::whose::Whose;
use crate::{
    failure::Failure,
    output::{json, table},
};

#[derive(Debug, Args)]
pub(crate) struct Format {
    /// Print JSON for a program.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListOf {
    #[command(flatten)]
    pub(super) whose: Whose,

    #[command(flatten)]
    pub(super) format: Format,
}

/// A row of a list; programs get its serialized form.
pub(super) trait Row<const COLUMNS: usize>: Serialize {
    /// Titles of the columns.
    const TITLES: [&'static str; COLUMNS];

    /// Texts of the columns; empty if there is no value.
    fn cells(&self) -> [String; COLUMNS];
}

impl Format {
    /// The text of a list. `none` is the sentence for people if the list is empty.
    pub(super) fn show<const COLUMNS: usize, R: Row<COLUMNS>>(
        &self,
        rows: &[R],
        none: impl FnOnce() -> String,
    ) -> Result<String, Failure> {
        if self.json {
            return Ok(json(&rows)?);
        }
        if rows.is_empty() {
            return Ok(none() + "\n");
        }
        let cells: Vec<_> = rows.iter().map(Row::cells).collect();
        Ok(table(R::TITLES, &cells))
    }
}
