//! The limits of scripts in the documents are those of the code.

use std::fs;

use super::links::repository;

/// The manual for authors of scripts, and the section that lists the limits.
const MANUAL: &str = "infra/docs/SCRIPTS.md";
const SECTION: &str = "## What scripts may use up";
/// The page about the engine.
const ENGINE: &str = "infra/docs/architecture/scripts.md";

const KB: u64 = 1024;
const MB: u64 = 1024 * 1024;
const MINUTE: u64 = 60 * 1000;
const HOUR: u64 = 60 * MINUTE;

/// A number in the second cell of a table's row.
struct Limit {
    /// The first cell.
    row: &'static str,
    /// The text of the second cell; `{}` is the number.
    shown: &'static str,
    /// The unit of the cell in the unit of the code.
    unit: u64,
    /// The values whose sum is the number: each a file with the text that precedes the value, once.
    code: &'static [(&'static str, &'static str)],
}

/// Rows: first cell, number with its unit, values of the code.
macro_rules! limits {
    ($($row:literal: $shown:literal, $unit:expr, $($file:literal $before:literal)+;)+) => {
        &[$(Limit { row: $row, shown: $shown, unit: $unit, code: &[$(($file, $before)),+] }),+]
    };
}

const OF_THE_MANUAL: &[Limit] = limits! {
    "time, waiting included": "{} s", 1, "shared/scripts/src/engine/mod.rs" "wall: Duration::from_secs(";
    "time, waiting included": "{} s", 1, "shared/core/src/config.rs" "variables.number(name, ";
    "time, waiting included": "{} s", 1, "infra/local/src/options.rs" "value_name = \"SECONDS\", default_value_t = ";
    "time, waiting included": "1 to {} s", 1, "shared/core/src/config.rs" "seconds @ 1..=";
    "time, waiting included": "1 to {} s", 1, "infra/local/src/options.rs" "value_parser!(u64).range(1..=";
    "time, waiting included": "{} s", 1, "template.yaml" "  ScriptSeconds:\n    Type: Number\n    Default: ";
    "time, waiting included": "1 to {} s", 1,
        "template.yaml" "  ScriptSeconds:\n    Type: Number\n    Default: 5\n    MinValue: 1\n    MaxValue: ";
    "time before Lambda's time-out": "{} s", 1,
        "shared/lambda/src/event.rs" "const KEPT: Duration = Duration::from_secs("
        "shared/core/src/login_flow.rs" "const RESERVE: Duration = Duration::from_secs(";
    "CPU time": "{} ms", 1, "shared/scripts/src/engine/mod.rs" "cpu: Duration::from_millis(";
    "memory": "{} MB", MB, "shared/scripts/src/engine/mod.rs" "            memory: ";
    "stack": "{} KB", KB, "shared/scripts/src/engine/mod.rs" "            stack: ";
    "`user` and `context` together": "{} MB", MB, "shared/scripts/src/engine/mod.rs" "            output: ";
    "all changes by `api` together": "{} MB", MB, "shared/scripts/src/engine/mod.rs" "            output: ";
    "text of a script": "{} KB", KB, "infra/tenant/src/sections/scripts/files.rs" "const MAX_SCRIPT: usize = ";
    "claims of a token": "{} KB", KB, "shared/domain/src/login_flow/custom_claims.rs" "const MAX_BYTES: usize = ";
    "patch of `updateAppMetadata`, `updateUserMetadata`": "{} KB", KB,
        "shared/scripts/src/engine/realm.rs" "const LARGEST_PATCH: usize = ";
    "timers at once": "{}", 1, "shared/scripts/src/engine/timers.rs" "const MOST: usize = ";
    "requests and updates of metadata at once": "{}", 1,
        "shared/scripts/src/engine/bridge.rs" "const MAX_OPEN_CALLS: usize = ";
    "time of one request": "{} s less than all scripts", 1,
        "shared/scripts/src/engine/mod.rs" "self.wall.saturating_sub(Duration::from_secs(";
    "body of a request or of its answer": "{} MB", MB,
        "shared/scripts/src/requests/mod.rs" "const LARGEST: usize = ";
    "redirects of one request": "{}", 1, "shared/scripts/src/requests/mod.rs" "const MOST_REDIRECTS: usize = ";
    "log of one login": "{} KB", KB, "shared/scripts/src/engine/mod.rs" "            logs: ";
    "message of an error": "{} characters", 1, "shared/scripts/src/engine/failure.rs" "const LONGEST: usize = ";
    "records of `api.cache`": "{}", 1, "shared/scripts/src/engine/cache.rs" "const MOST: usize = ";
    "key of a record": "{} bytes", 1, "shared/scripts/src/engine/cache.rs" "const LONGEST_KEY: usize = ";
    "value of a record": "{} KB", KB, "shared/scripts/src/engine/cache.rs" "const LONGEST_VALUE: usize = ";
    "life of a record": "{} h", HOUR, "shared/scripts/src/engine/api.js" "const latest = now() + ";
    "life of a record": "{} min", MINUTE, "shared/scripts/src/engine/api.js" "let until = now() + ";
    "payload of `api.redirect.encodeToken`": "{} KB", KB,
        "shared/scripts/src/engine/api.rs" "const LARGEST_TOKEN: usize = ";
    "life of its token": "{} s", 1, "shared/scripts/src/engine/api.js" "expiresInSeconds = ";
    "iterations of `pbkdf2`": "{}", 1,
        "shared/scripts/src/engine/library/natives/crypto.rs" "const MOST_ROUNDS: u32 = ";
    "key of `pbkdf2`": "{} bytes", 1,
        "shared/scripts/src/engine/library/natives/crypto.rs" "const LONGEST_DERIVED: usize = ";
    "cost of `bcrypt`": "4 to {}", 1,
        "shared/scripts/src/engine/library/natives/passwords.rs" "const MOST_COST: u32 = ";
};

const OF_THE_ENGINE: &[Limit] = limits! {
    "threads": "at most {}", 1, "shared/scripts/src/engine/pool.rs" "const THREADS: usize = ";
    "threads": "At most {}", 1, "shared/scripts/src/engine/pool.rs" "const MOST_ABANDONED: usize = ";
    "is in a loop of QuickJS that calls no interrupt handler": "{} ms", 1,
        "shared/scripts/src/engine/wire.rs" "pub(super) const GRACE: Duration = Duration::from_millis(";
};

fn read(file: &str) -> String {
    fs::read_to_string(repository().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The number after a text that a file contains once: a literal, or a product of literals.
fn value(file: &str, before: &str) -> u64 {
    let text = read(file);
    let (rest, more) = (text.split(before).nth(1), text.split(before).nth(2));
    let rest = rest.unwrap_or_else(|| panic!("{file} has no `{before}`"));
    assert!(more.is_none(), "{file} has `{before}` twice");
    let is_of_a_product = |c: &char| c.is_ascii_digit() || "_* ".contains(*c);
    let product: String = rest.chars().take_while(is_of_a_product).collect();
    let factors = product
        .split('*')
        .map(|factor| factor.trim().replace('_', ""));
    let factor = |text: String| text.parse::<u64>();
    let product: Result<u64, _> = factors.map(factor).product();
    product.unwrap_or_else(|error| panic!("{file}, `{before}`: {error}"))
}

/// The rows of the tables of a text, as cells.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let rows = text.lines().filter(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect());
    let is_of_the_body = |cells: &Vec<&str>| !cells[0].is_empty() && !cells[0].starts_with("---");
    cells.filter(is_of_the_body).collect()
}

/// The second cell of a limit's row.
fn cell<'a>(rows: &[Vec<&'a str>], limit: &Limit) -> &'a str {
    let mut rows = rows.iter().filter(|cells| cells[0] == limit.row);
    let row = rows.next();
    assert!(rows.next().is_none(), "{} twice", limit.row);
    row.unwrap_or_else(|| panic!("no row {}", limit.row))[1]
}

/// The text by which a cell shows a limit of the code.
fn shown(limit: &Limit) -> String {
    let values = limit.code.iter().map(|(file, before)| value(file, before));
    let sum: u64 = values.sum();
    assert_eq!(sum % limit.unit, 0, "{}: {sum}", limit.row);
    limit.shown.replace("{}", &(sum / limit.unit).to_string())
}

/// A cell without the occurrences of a text as whole words; `None` if there is none.
fn without(cell: &str, text: &str) -> Option<String> {
    let (mut rest, mut kept) = (String::new(), 0);
    for (at, _) in cell.match_indices(text) {
        let (before, after) = (&cell[..at], &cell[at + text.len()..]);
        if !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric) {
            rest.push_str(&cell[kept..at]);
            kept = at + text.len();
        }
    }
    rest.push_str(&cell[kept..]);
    (kept > 0).then_some(rest)
}

#[test]
fn every_limit_of_the_manual_is_one_of_the_code() {
    let page = read(MANUAL);
    let section = page.split(SECTION).nth(1).expect("the section is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = rows(section);
    for limit in OF_THE_MANUAL {
        let (cell, text) = (cell(&rows, limit), shown(limit));
        let found = without(cell, &text).is_some();
        assert!(found, "{MANUAL}: {}: no `{text}` in `{cell}`", limit.row);
    }
    for row in rows {
        let limits = OF_THE_MANUAL.iter().filter(|limit| limit.row == row[0]);
        let mut texts: Vec<String> = limits.map(shown).collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        let take = |rest: String, text: &String| without(&rest, text).unwrap_or(rest);
        let rest = texts.iter().fold(row[1].to_owned(), take);
        let is_left = rest.contains(|c: char| c.is_ascii_digit());
        assert!(
            !is_left,
            "{MANUAL}: {}: no value of the code for `{rest}`",
            row[0]
        );
    }
}

#[test]
fn every_limit_of_the_page_about_the_engine_is_one_of_the_code() {
    let page = read(ENGINE);
    let rows = rows(&page);
    for limit in OF_THE_ENGINE {
        let (cell, text) = (cell(&rows, limit), shown(limit));
        let found = without(cell, &text).is_some();
        assert!(found, "{ENGINE}: {}: no `{text}` in `{cell}`", limit.row);
    }
}

#[test]
fn a_limit_is_found_as_whole_words_only() {
    let found = without("5 s; 1 to 20 s by", "5 s");
    assert_eq!(found.as_deref(), Some("; 1 to 20 s by"));
    assert_eq!(without("15 s", "5 s"), None);
    assert_eq!(without("5 seconds", "5 s"), None);
}
