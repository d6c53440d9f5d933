//! OAuth scopes (RFC 6749 section 3.3): an ordered set of space-separated names.

use std::{collections::HashSet, fmt, hash::Hash};

use serde::{Deserialize, Serialize};

/// Requests an ID token.
pub const OPENID: &str = "openid";
/// Requests a refresh token.
pub const OFFLINE_ACCESS: &str = "offline_access";
/// Requests a refresh token that ends with the session. Ratchet never grants it.
pub const ONLINE_ACCESS: &str = "online_access";

/// Scopes that belong to `OpenID` Connect or to the service itself rather than to an API.
pub const STANDARD: [&str; 6] = [
    OPENID,
    "profile",
    "email",
    "address",
    "phone",
    OFFLINE_ACCESS,
];

/// Maximum number of scopes in a request.
pub const MAX_SCOPES: usize = 100;
/// Maximum length of `scope` in a request, in bytes.
pub const MAX_SCOPE_BYTES: usize = 4_096;

/// True if `scope` is within both limits.
pub fn is_within_bounds(text: &str) -> bool {
    text.len() <= MAX_SCOPE_BYTES && text.split_ascii_whitespace().count() <= MAX_SCOPES
}

/// A set of scopes, in the order of their first occurrence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scope(Vec<String>);

impl Scope {
    /// Reads a space-separated list; repeated names count once. A name with characters outside RFC 6749's `NQCHAR`
    /// cannot have been granted and is left out.
    pub fn parse(text: &str) -> Self {
        text.split_ascii_whitespace().collect()
    }

    /// True if the name is in the set.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }

    /// True if the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The names that `keep` accepts.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        self.iter().filter(|name| keep(name)).collect()
    }

    /// The names in both, in the order of `self`.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.filter(|name| other.contains(name))
    }

    /// The names in either: those of `self` first, then the others of `other`.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).collect()
    }

    /// The names except this one.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        self.filter(|known| known != name)
    }

    /// True if every name is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|name| other.contains(name))
    }
}

impl<'a> FromIterator<&'a str> for Scope {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let names = names.into_iter().filter(|name| is_scope_token(name));
        Self(distinct(names).map(str::to_owned).collect())
    }
}

/// The first occurrence of each item. The number of comparisons grows with the number of items, not with its square.
fn distinct<T: Copy + Eq + Hash>(items: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
    let mut seen = HashSet::new();
    items.filter(move |item| seen.insert(*item))
}

impl From<String> for Scope {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

fn is_scope_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_repeats_count_once() {
        let scope = Scope::parse("openid  profile openid\temail");
        assert_eq!(scope.to_string(), "openid profile email");
    }

    #[test]
    fn names_outside_the_grammar_are_left_out() {
        assert_eq!(Scope::parse("a\u{0} \"b\" c\\d é ok").to_string(), "ok");
    }

    thread_local! {
        static COMPARISONS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    #[derive(Clone, Copy)]
    struct Counted(usize);

    impl Hash for Counted {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }

    impl PartialEq for Counted {
        fn eq(&self, other: &Self) -> bool {
            COMPARISONS.set(COMPARISONS.get() + 1);
            self.0 == other.0
        }
    }

    impl Eq for Counted {}

    #[test]
    fn names_are_compared_as_often_as_there_are_names() {
        const NAMES: usize = 20_000;
        for different in [1, 7, NAMES] {
            COMPARISONS.set(0);
            let names = (0..NAMES).map(|n| Counted(n % different));
            assert_eq!(distinct(names).count(), different);
            assert!(COMPARISONS.get() <= 2 * NAMES, "{}", COMPARISONS.get());
        }
    }

    #[test]
    fn a_request_names_a_hundred_scopes_of_four_kilobytes_at_most() {
        assert!(is_within_bounds(&"x ".repeat(MAX_SCOPES)));
        assert!(!is_within_bounds(&"x ".repeat(MAX_SCOPES + 1)));
        assert!(is_within_bounds(&"x".repeat(MAX_SCOPE_BYTES)));
        assert!(!is_within_bounds(&"x".repeat(MAX_SCOPE_BYTES + 1)));
    }

    #[test]
    fn intersection_never_widens() {
        let granted = Scope::parse("openid read:orders");
        let asked = Scope::parse("read:orders admin openid");
        assert_eq!(
            granted.intersection(&asked).to_string(),
            "openid read:orders"
        );
        assert!(granted.intersection(&asked).is_subset(&granted));
    }
}
