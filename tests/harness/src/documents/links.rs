//! The links of the repository's Markdown files: a relative link leads to an existing file and, with a fragment, to one
//! of its headings. The summary of the book lists each of its pages.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
};

/// The folder of the repository: the one that holds the template.
pub(super) fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = here.ancestors();
    let root = folders.find(|folder| folder.join("template.yaml").is_file());
    root.expect("the template is there").to_owned()
}

/// The Markdown files below a folder, without those that tools have put there.
fn pages_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_of_a_tool = ["target", "node_modules"].contains(&&*name)
            || name.starts_with('.') && name != ".github";
        if path.is_dir() && !is_of_a_tool {
            pages_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// The lines of a text outside fenced code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The texts between two others in the prose of a text. Code in backquotes has no links.
fn between(text: &str, open: &str, close: char) -> Vec<String> {
    let prose: Vec<&str> = prose(text).collect();
    let prose: String = prose.join("\n").split('`').step_by(2).collect();
    let rests = prose.split(open).skip(1);
    let inner = rests.filter_map(|rest| rest.split(close).next());
    inner.map(|inner| inner.trim().to_owned()).collect()
}

/// The targets of a text's links, `[text](target)`.
pub(super) fn links(text: &str) -> Vec<String> {
    between(text, "](", ')')
}

/// The definitions of a text's links, `[label]: target`. Of two with the same label the first counts, as in Markdown.
pub(super) fn definitions(text: &str) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    for line in prose(text) {
        let definition = line.strip_prefix('[');
        if let Some((label, target)) = definition.and_then(|line| line.split_once("]: ")) {
            let target = || target.trim().to_owned();
            known.entry(label.to_owned()).or_insert_with(target);
        }
    }
    known
}

/// The targets of a text's links, of their definitions, and of the book's includes.
pub(super) fn targets(text: &str) -> Vec<String> {
    let defined = definitions(text).into_values().collect();
    [links(text), defined, between(text, "{{#include ", '}')].concat()
}

/// The text of a page with the texts that it includes, as mdBook reads it.
pub(super) fn included(page: &Path) -> String {
    let mut text = fs::read_to_string(page).expect("a page of text");
    let folder = page.parent().expect("a page is in a folder");
    for file in between(&text, "{{#include ", '}') {
        let inner = fs::read_to_string(folder.join(&file)).expect("a page of text");
        text = text.replace(&format!("{{{{#include {file}}}}}"), &inner);
    }
    text
}

/// True for a link to a file of the repository.
pub(super) fn is_relative(target: &str) -> bool {
    !target.contains("://") && !target.starts_with("mailto:")
}

/// The fragments by which GitHub and mdBook link to the headings of a text.
pub(super) fn fragments(text: &str) -> Vec<String> {
    let mut times: HashMap<String, usize> = HashMap::new();
    let headings = prose(text).filter_map(|line| {
        let heading = line.trim_start_matches('#');
        (heading.len() < line.len()).then(|| heading.strip_prefix(' '))?
    });
    headings
        .map(|heading| {
            let kept = heading.to_lowercase().replace(' ', "-");
            let slug = kept.replace(|c: char| !c.is_alphanumeric() && !"-_".contains(c), "");
            let before = times.entry(slug.clone()).or_default();
            *before += 1;
            match *before {
                1 => slug,
                more => format!("{slug}-{}", more - 1),
            }
        })
        .collect()
}

/// The fault of a link; `None` for a good one.
fn fault(root: &Path, page: &Path, target: &str) -> Option<&'static str> {
    if !is_relative(target) {
        return None;
    }
    let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
    let folder = page.parent().expect("a page is in a folder");
    let file = match path.strip_prefix('/') {
        Some(path) => root.join(path),
        None if path.is_empty() => page.to_owned(),
        None => folder.join(path),
    };
    if !file.exists() {
        return Some("no such file");
    }
    let is_page = file.extension().is_some_and(|extension| extension == "md");
    if fragment.is_empty() || !is_page {
        return None;
    }
    let is_heading = fragments(&included(&file))
        .iter()
        .any(|known| known == fragment);
    (!is_heading).then_some("no such heading")
}

#[test]
fn every_relative_link_of_every_page_leads_to_a_file_and_a_heading() {
    let root = repository();
    let mut pages = Vec::new();
    pages_below(&root, &mut pages);
    let (mut faults, mut links) = (Vec::new(), 0);
    for page in pages {
        let text = fs::read_to_string(&page).expect("a page of text");
        for target in targets(&text) {
            links += 1;
            if let Some(fault) = fault(&root, &page, &target) {
                faults.push(format!("{}: {target}: {fault}", page.display()));
            }
        }
        let known = definitions(&text);
        for label in between(&text, "][", ']') {
            if !known.contains_key(&label) {
                faults.push(format!("{}: no definition of [{label}]", page.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(links > 300, "{links} links");
}

#[test]
fn the_summary_of_the_book_lists_every_page() {
    let book = repository().join("infra/docs");
    let summary = fs::read_to_string(book.join("SUMMARY.md")).expect("the summary is there");
    let listed = targets(&summary);
    let mut pages = Vec::new();
    pages_below(&book, &mut pages);
    for page in pages {
        let page = page.strip_prefix(&book).expect("a page of the book");
        let page = page.to_string_lossy().into_owned();
        let is_listed = page == "SUMMARY.md" || listed.contains(&page);
        assert!(is_listed, "SUMMARY.md does not list {page}");
    }
}

#[test]
fn fragments_and_targets_are_those_of_markdown() {
    let text = "# `/oidc/logout`: hints\n```sh\n# no heading\n```\n## Twice\n## Twice\n[a](b.md#c) `[d](e)`";
    assert_eq!(fragments(text), ["oidclogout-hints", "twice", "twice-1"]);
    assert_eq!(targets(text), ["b.md#c"]);
    let text = "[a][x] {{#include f.md}}\n\n[x]: b.md\n[x]: c.md";
    assert_eq!(targets(text), ["b.md", "f.md"]);
}
