//! Kinds of password hashes, and the work of comparing a password with one. The time of a rejection must not reveal
//! whether a user name exists. Every rejection therefore computes a hash of each kind that the tenant's users have: the
//! user's own, and decoys of the other kinds.

use std::{
    collections::BTreeSet,
    ops::{Add, Mul},
};

use serde::{Deserialize, Serialize};

/// Parameters of Ratchet's own hashes: OWASP's recommendation for argon2id, which is the crate's default.
const NATIVE: &str = "argon2id$v=19$m=19456,t=2,p=1";
/// Cost of bcrypt hashes that come from Auth0 and from most frameworks.
const USUAL_BCRYPT_COST: u8 = 10;
/// Highest cost of a bcrypt hash that may be imported: about a second of CPU for every rejection.
const MAX_BCRYPT_COST: u8 = 14;
/// Highest work of an argon2 hash that may be imported: KiB of memory times passes. The memory has a limit of its own.
const MAX_ARGON2_KIB: u64 = 1024 * 1024;
const MAX_ARGON2_MEMORY_KIB: u64 = 256 * 1024;

/// Algorithm and parameters of a hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum HashKind {
    /// argon2 with the parameters of a PHC string: `argon2id$v=19$m=19456,t=2,p=1`.
    Argon2(String),
    /// bcrypt with its cost: two to the power of it is the number of rounds.
    Bcrypt(u8),
}

/// Work of a comparison with a hash, apart for each algorithm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HashWork {
    /// argon2: KiB of memory times passes.
    pub argon2_kib: u64,
    /// bcrypt: rounds, two to the power of the cost.
    pub bcrypt_rounds: u64,
}

impl HashKind {
    /// The kind of a hash; `None` if the text is not a hash.
    pub fn of(hash: &str) -> Option<Self> {
        let text = hash.strip_prefix('$')?;
        if text.starts_with("argon2") {
            let (parameters, hash) = text.rsplit_once('$')?;
            let (parameters, _) = parameters.rsplit_once('$')?;
            let kind = Self::Argon2(parameters.to_owned());
            return (!hash.is_empty() && kind.argon2().is_some()).then_some(kind);
        }
        let (version, text) = text.split_once('$')?;
        let (cost, rest) = text.split_once('$')?;
        let is_bcrypt = matches!(version, "2a" | "2b" | "2y")
            && rest.len() == 53
            && rest
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/'));
        let cost = cost.parse().ok().filter(|cost| (4..=31).contains(cost))?;
        is_bcrypt.then_some(Self::Bcrypt(cost))
    }

    /// The kind of the hashes that Ratchet makes.
    pub fn native() -> Self {
        Self::Argon2(NATIVE.to_owned())
    }

    /// True if every rejection of a tenant can afford one.
    pub fn may_be_imported(&self) -> bool {
        match self {
            Self::Argon2(_) => self.argon2().is_some_and(|(memory, passes)| {
                memory <= MAX_ARGON2_MEMORY_KIB && memory.saturating_mul(passes) <= MAX_ARGON2_KIB
            }),
            Self::Bcrypt(cost) => *cost <= MAX_BCRYPT_COST,
        }
    }

    /// A hash of this kind whose password is unknown.
    pub fn decoy(&self) -> String {
        match self {
            Self::Argon2(parameters) => {
                format!("${parameters}${}${}", "A".repeat(22), "A".repeat(43))
            }
            Self::Bcrypt(cost) => format!("$2b${cost:02}${}", ".".repeat(53)),
        }
    }

    /// Work of one comparison.
    pub fn work(&self) -> HashWork {
        match self {
            Self::Argon2(_) => HashWork {
                argon2_kib: self
                    .argon2()
                    .map_or(0, |(memory, passes)| memory.saturating_mul(passes)),
                bcrypt_rounds: 0,
            },
            Self::Bcrypt(cost) => HashWork {
                argon2_kib: 0,
                bcrypt_rounds: 1 << u32::from(*cost).min(63),
            },
        }
    }

    /// Memory in KiB, and passes, of argon2.
    fn argon2(&self) -> Option<(u64, u64)> {
        let Self::Argon2(parameters) = self else {
            return None;
        };
        let (_, list) = parameters.rsplit_once('$')?;
        let named = |name: &str| {
            list.split(',')
                .find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='))
                .and_then(|number| number.parse().ok())
        };
        Some((named("m")?, named("t")?))
    }
}

impl Add for HashWork {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self {
            argon2_kib: self.argon2_kib.saturating_add(more.argon2_kib),
            bcrypt_rounds: self.bcrypt_rounds.saturating_add(more.bcrypt_rounds),
        }
    }
}

impl Mul<u64> for HashWork {
    type Output = Self;

    fn mul(self, times: u64) -> Self {
        Self {
            argon2_kib: self.argon2_kib.saturating_mul(times),
            bcrypt_rounds: self.bcrypt_rounds.saturating_mul(times),
        }
    }
}

/// Kinds of hashes that a tenant's users have, beside Ratchet's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HashKinds {
    /// Parameters of argon2 other than Ratchet's.
    argon2: BTreeSet<String>,
    /// Highest cost of bcrypt.
    bcrypt: Option<u8>,
}

impl HashKinds {
    /// The assumption for a table whose users were imported before this record existed.
    pub fn unrecorded() -> Self {
        Self {
            bcrypt: Some(USUAL_BCRYPT_COST),
            ..Self::default()
        }
    }

    /// The record with one more kind.
    #[must_use]
    pub fn with(mut self, kind: HashKind) -> Self {
        match kind {
            HashKind::Argon2(parameters) if parameters == NATIVE => {}
            HashKind::Argon2(parameters) => {
                self.argon2.insert(parameters);
            }
            HashKind::Bcrypt(cost) => self.bcrypt = self.bcrypt.max(Some(cost)),
        }
        self
    }

    /// Kinds of hashes that a rejection computes after the comparison with the user's own hash, if there is one. The
    /// total work is the same for every user. bcrypt doubles its rounds with each step of its cost, so that the steps
    /// from a cheap hash up to the most expensive one add up to that total.
    pub fn beside(&self, own: Option<&HashKind>) -> Vec<HashKind> {
        let native = std::iter::once(HashKind::native());
        let others = self.argon2.iter().cloned().map(HashKind::Argon2);
        let argon2 = native.chain(others).filter(|kind| Some(kind) != own);
        let bcrypt = match (own, self.bcrypt) {
            (_, None) => 0..0,
            (Some(HashKind::Bcrypt(cost)), Some(dearest)) => *cost..dearest,
            (_, Some(dearest)) => dearest..dearest.saturating_add(1),
        };
        argon2.chain(bcrypt.map(HashKind::Bcrypt)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGON2: &str = "$argon2id$v=19$m=64,t=3,p=1$c29tZXNhbHQ$AAECAwQFBgc";
    const BCRYPT: &str = "$2y$06$JXicNUlIUSz.6Xu79GQNmuRz/FbZfM4OzObuJ.qtNMr4kCl5afhxe";

    fn total(kinds: &HashKinds, own: Option<&HashKind>) -> HashWork {
        let own_work = own.map(HashKind::work).unwrap_or_default();
        kinds
            .beside(own)
            .iter()
            .fold(own_work, |sum, kind| sum + kind.work())
    }

    #[test]
    fn a_hash_says_what_it_takes() {
        let kind = HashKind::of(ARGON2).unwrap();
        assert_eq!(
            kind,
            HashKind::Argon2("argon2id$v=19$m=64,t=3,p=1".to_owned())
        );
        assert_eq!(kind.work().argon2_kib, 192);
        assert_eq!(HashKind::of(BCRYPT), Some(HashKind::Bcrypt(6)));
        assert_eq!(HashKind::Bcrypt(6).work().bcrypt_rounds, 64);
        for text in [
            "",
            "x",
            "$2b$03$x",
            "$2b$99$x",
            "$argon2id$x$y",
            "$1$06$x",
            &BCRYPT[..40],
        ] {
            assert_eq!(HashKind::of(text), None, "{text}");
        }
    }

    #[test]
    fn a_decoy_is_of_its_kind() {
        for kind in [
            HashKind::native(),
            HashKind::of(ARGON2).unwrap(),
            HashKind::Bcrypt(4),
        ] {
            assert_eq!(HashKind::of(&kind.decoy()), Some(kind));
        }
    }

    #[test]
    fn a_refusal_computes_the_same_for_every_user() {
        let foreign = HashKind::of(ARGON2).unwrap();
        let all = [
            None,
            Some(HashKind::native()),
            Some(foreign.clone()),
            Some(HashKind::Bcrypt(4)),
            Some(HashKind::Bcrypt(7)),
            Some(HashKind::Bcrypt(10)),
        ];
        let kinds = all
            .iter()
            .flatten()
            .cloned()
            .fold(HashKinds::default(), HashKinds::with);
        let expected = HashKind::native().work() + foreign.work() + HashKind::Bcrypt(10).work();
        for own in &all {
            assert_eq!(total(&kinds, own.as_ref()), expected, "{own:?}");
        }
    }

    #[test]
    fn without_imported_hashes_only_the_native_hash_is_computed() {
        let kinds = HashKinds::default().with(HashKind::native());
        assert_eq!(kinds, HashKinds::default());
        for own in [None, Some(HashKind::native())] {
            assert_eq!(total(&kinds, own.as_ref()), HashKind::native().work());
        }
        let before = HashKinds::unrecorded();
        assert_eq!(total(&before, None).bcrypt_rounds, 1024);
    }

    #[test]
    fn a_hash_that_would_make_every_refusal_dear_is_not_imported() {
        assert!(HashKind::native().may_be_imported());
        assert!(HashKind::Bcrypt(14).may_be_imported());
        assert!(!HashKind::Bcrypt(15).may_be_imported());
        let argon2 = |list: &str| HashKind::Argon2(format!("argon2id$v=19${list}"));
        assert!(argon2("m=65536,t=3,p=4").may_be_imported());
        assert!(!argon2("m=524288,t=1,p=1").may_be_imported());
        assert!(!argon2("m=65536,t=99,p=1").may_be_imported());
    }
}
