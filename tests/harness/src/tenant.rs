//! The tenant file of the tests, whole, in parts and with changes.

use crate::apps::App;

const FILE: &str = include_str!("../../fixtures/tenant.yaml");
const POOL: &str = "# pool\n";

/// The whole file, with a user for every test that ends consents or blocks a user.
pub fn with_pool() -> String {
    FILE.to_owned()
}

/// The file with the named users only, which is faster to import.
pub fn base() -> String {
    let (base, _) = FILE.split_once(POOL).expect("the pool has its marker");
    base.to_owned()
}

/// The file after one replacement.
///
/// # Panics
///
/// Panics if the text to replace is missing, because the test would prove nothing.
pub fn changed(from: &str, to: &str) -> String {
    replaced(&base(), from, to)
}

/// A tenant file with one client, after replacements in it.
pub fn client_changed(app: &App, changes: &[(&str, &str)]) -> String {
    let file = base();
    let clients = section(&file, "clients");
    let id = format!("\n    client_id: {}\n", app.id);
    let block = clients
        .split("\n  - ")
        .skip(1)
        .find(|block| block.contains(&id))
        .unwrap_or_else(|| panic!("no client `{}` in the tenant file", app.id));
    let block = changes.iter().fold(block.to_owned(), |block, (from, to)| {
        replaced(&block, from, to)
    });
    format!("clients:\n  - {}\n", block.trim_end())
}

/// The text of one top-level section.
fn section<'a>(file: &'a str, name: &str) -> &'a str {
    let heading = format!("\n{name}:\n");
    let (_, rest) = file.split_once(&heading).expect("the section exists");
    let mut end = rest.len();
    let mut offset = 0;
    for line in rest.split_inclusive('\n') {
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            end = offset;
            break;
        }
        offset += line.len();
    }
    // Includes the line break before the first entry.
    &file[file.len() - rest.len() - 1..file.len() - rest.len() + end]
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "`{from}` is not in the tenant file");
    text.replacen(from, to, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps;

    #[test]
    fn a_client_is_cut_out_whole_and_alone() {
        let file = client_changed(&apps::SPA_STRICT, &[("leeway: 0", "leeway: 3")]);
        assert!(
            file.starts_with("clients:\n  - name: Strict SPA\n"),
            "{file}"
        );
        assert!(file.contains("leeway: 3"), "{file}");
        assert_eq!(file.matches("client_id:").count(), 1, "{file}");
        assert!(!file.contains("resourceServers"), "{file}");
    }

    #[test]
    fn the_last_client_ends_with_its_section() {
        let file = client_changed(&apps::SPA_EMBEDDED, &[]);
        assert!(file.ends_with("idle_token_lifetime: 1296000\n"), "{file}");
    }

    #[test]
    #[should_panic(expected = "is not in the tenant file")]
    fn a_change_that_hits_nothing_is_an_error() {
        changed("no such text", "");
    }
}
