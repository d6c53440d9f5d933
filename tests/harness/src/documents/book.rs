//! The book of `infra/docs` and the front page of `cargo doc`: no link leads out of them into nothing.

use std::{collections::BTreeSet, fs, path::Path};

use super::links::{definitions, fragments, included, is_relative, links, repository, targets};

/// The path of a link's target from the folder that contains the page's path; `None` if the target is outside.
fn resolved(page: &str, target: &str) -> Option<String> {
    let (folder, _) = page.rsplit_once('/').unwrap_or_default();
    let mut path: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(path.pop()?),
            part => path.push(part),
        }
    }
    Some(path.join("/"))
}

/// The fault of a relative link on a page of the book; `None` for a good one.
fn fault(book: &Path, pages: &BTreeSet<String>, page: &str, target: &str) -> Option<&'static str> {
    let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
    let file = match path {
        "" => Some(page.to_owned()),
        path if path.starts_with('/') => None,
        path => resolved(page, path),
    };
    let Some(file) = file.filter(|file| pages.contains(file)) else {
        return Some("no page of the book");
    };
    let headings = fragments(&included(&book.join(file)));
    let is_heading = fragment.is_empty() || headings.iter().any(|known| known == fragment);
    (!is_heading).then_some("no such heading")
}

#[test]
fn every_relative_link_of_the_book_leads_to_a_page_of_the_book() {
    let book = repository().join("infra/docs");
    let summary = fs::read_to_string(book.join("SUMMARY.md")).expect("the summary is there");
    let pages: BTreeSet<String> = targets(&summary).into_iter().collect();
    let (mut faults, mut count) = (Vec::new(), 0);
    for page in &pages {
        let text = included(&book.join(page));
        let defined = definitions(&text).into_values();
        let targets = links(&text).into_iter().chain(defined);
        for target in targets.filter(|target| is_relative(target)) {
            count += 1;
            if let Some(fault) = fault(&book, &pages, page, &target) {
                faults.push(format!("{page}: {target}: {fault}"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(count > 30, "{count} links");
}

#[test]
fn the_front_page_of_cargo_doc_links_to_the_same_pages_as_the_architecture() {
    const ARCHITECTURE: &str = "shared/README.md";
    const FRONT_PAGE: &str = "target/doc/ratchet_core/index.html";
    let read = |file: &str| fs::read_to_string(repository().join(file)).expect("a file of text");
    let source = read("shared/core/src/lib.rs");
    let comment = source.lines().filter_map(|line| line.strip_prefix("//! "));
    let comment: Vec<&str> = comment.collect();
    let architecture = read(ARCHITECTURE);
    let pages = |from: &str, text: &str| -> Vec<(String, Option<String>)> {
        let definitions = definitions(text).into_iter();
        definitions
            .map(|(label, target)| (label, resolved(from, &target)))
            .collect()
    };
    assert!(source.contains("#![doc = include_str!(\"../../README.md\")]"));
    let expected = pages(ARCHITECTURE, &architecture);
    assert_eq!(pages(FRONT_PAGE, &comment.join("\n")), expected);
    // A definition cannot replace the target of a link that has none.
    let mut others = links(&architecture);
    others.retain(|target| is_relative(target) && !target.starts_with('#'));
    assert!(others.is_empty(), "{others:?}");
}
