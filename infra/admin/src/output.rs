//! Output of commands: plain tables for people, JSON for programs.

use std::io::{self, Write};

use serde::Serialize;

/// Writes text to standard output. A reader that stops early (`head`) is no failure; every other failure is a line on
/// standard error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("error: cannot write the answer: {error}");
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Columns under their titles, two blanks apart; `-` for an empty cell.
pub(crate) fn table<const N: usize>(titles: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = titles.map(|title| title.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(1).max(*width);
        }
    }
    let mut text = String::new();
    let titles = titles.map(str::to_owned);
    for row in std::iter::once(&titles).chain(rows) {
        let cells: Vec<_> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{:width$}", if cell.is_empty() { "-" } else { cell }))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Indented JSON for programs.
pub(crate) fn json(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_wide_as_its_widest_cells() {
        let rows = [
            ["1".to_owned(), String::new(), "x".to_owned()],
            ["22222".to_owned(), "é".to_owned(), String::new()],
        ];
        assert_eq!(
            table(["id", "b", "last"], &rows),
            "id     b  last\n1      -  x\n22222  é  -\n"
        );
    }
}
