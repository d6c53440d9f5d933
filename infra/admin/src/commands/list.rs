//! The commands `list`: what they show, as columns for people or as JSON for programs.

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

/// A line of a list; what it serializes as is for programs.
pub(super) trait Row<const COLUMNS: usize>: Serialize {
    /// What the columns are called.
    const TITLES: [&'static str; COLUMNS];

    /// What stands in the columns; an empty text where there is nothing.
    fn cells(&self) -> [String; COLUMNS];
}

impl Format {
    /// The text of a list; `none` is the sentence for people where nothing is in it.
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
