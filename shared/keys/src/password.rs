//! Password hashes of users. We hash with argon2id. An import ([Auth0's bulk import]) may bring bcrypt or any argon2,
//! and we hash those passwords anew at the next login.
//!
//! We hash the text in Unicode's normalization form C (UAX #15), in which RFC 8265 section 4.2 compares passwords:
//! keyboards and browsers differ in whether they send `ä` as one character or as `a` with a combining mark. Imported
//! hashes may be of either form.
//!
//! [Auth0's bulk import]: https://auth0.com/docs/manage-users/user-migration/bulk-user-imports

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use ratchet_domain::{
    hash_kind::HashKind, password_hash::PasswordHash, secret::Secret, text::composed,
};

/// The bytes of a password that bcrypt reads; it ignores the rest.
const BCRYPT_READS: usize = 72;

/// A text is neither an argon2 nor a bcrypt hash, the hash is too expensive to compare, or hashing failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PasswordHashError(&'static str);

/// The result of comparing a password with its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// The password is right, and its hash stays.
    Match,
    /// The right password under an outdated hash, which the caller replaces.
    MatchOutdated,
    /// A password that begins with the part that the hash covers. The rest may be mistyped, so the hash must stay: a
    /// hash of the whole text would reject the right password forever.
    MatchPart,
    /// The password is wrong; the caller counts a failed login.
    Mismatch,
}

/// Hashes a password with argon2id and the crate's default parameters, which OWASP recommends: 19 MiB, two passes.
/// The caller draws the salt.
pub fn hash(password: &Secret, salt: [u8; 16]) -> Result<PasswordHash, PasswordHashError> {
    let password = composed(password.expose());
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| PasswordHash::new(hash.to_string()))
        .map_err(|_| PasswordHashError("the password cannot be hashed"))
}

/// Takes a hash from an import.
pub fn import(text: impl Into<String>) -> Result<PasswordHash, PasswordHashError> {
    let text = text.into();
    let is_readable = is_bcrypt(&text) || argon2::PasswordHash::new(&text).is_ok();
    match HashKind::of(&text) {
        Some(kind) if is_readable && kind.may_be_imported() => Ok(PasswordHash::new(text)),
        Some(_) if is_readable => Err(PasswordHashError(
            "is too dear to compare: bcrypt's cost may be 14, argon2 may fill 256 MiB, and a GiB in all passes",
        )),
        _ => Err(PasswordHashError(
            "must be an argon2 PHC string or a bcrypt hash",
        )),
    }
}

/// Compares a password with the hash, as the user typed it and, if that is another text, in form C. Each comparison
/// takes tens of milliseconds of CPU by design. Their number ([`comparisons`]) depends only on the password.
pub fn verify(hash: &PasswordHash, password: &Secret) -> Verification {
    let (typed, composed) = (password.expose(), composed(password.expose()));
    if typed == composed {
        return compare(hash, typed);
    }
    let (as_typed, as_composed) = (compare(hash, typed), compare(hash, &composed));
    match as_typed {
        Verification::Mismatch => as_composed,
        // The new hash matches either form.
        Verification::Match => Verification::MatchOutdated,
        shown => shown,
    }
}

/// Compares one text with the hash.
fn compare(hash: &PasswordHash, text: &str) -> Verification {
    if is_bcrypt(hash.as_str()) {
        return compare_with_bcrypt(text, hash.as_str());
    }
    match Argon2::default().verify_password(text.as_bytes(), hash.as_str()) {
        Ok(()) if hash.as_str().starts_with("$argon2id$") => Verification::Match,
        Ok(()) => Verification::MatchOutdated,
        Err(_) => Verification::Mismatch,
    }
}

/// Number of comparisons that [`verify`] makes: the same for a match and a mismatch.
pub fn comparisons(password: &Secret) -> u64 {
    if composed(password.expose()) == password.expose() {
        1
    } else {
        2
    }
}

/// Compares a text with a bcrypt hash. bcrypt reads the text and a NUL after it, repeatedly, until it has 72 bytes. So
/// it ignores all bytes after the first 72, and a text with a NUL matches the hash of the part before the NUL if that
/// part repeats. Such a text is no user's password, because C's bcrypt could never have read it.
fn compare_with_bcrypt(text: &str, hash: &str) -> Verification {
    let matches = bcrypt::verify(text, hash).unwrap_or(false);
    if !matches || text.contains('\0') {
        Verification::Mismatch
    } else if text.len() < BCRYPT_READS {
        Verification::MatchOutdated
    } else {
        Verification::MatchPart
    }
}

fn is_bcrypt(text: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"]
        .iter()
        .any(|prefix| text.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_hash_verifies_its_password_only() {
        let hash = super::hash(&Secret::new("correct horse"), [7; 16]).unwrap();
        assert!(hash.as_str().starts_with("$argon2id$"));
        assert_eq!(
            verify(&hash, &Secret::new("correct horse")),
            Verification::Match
        );
        assert_eq!(
            verify(&hash, &Secret::new("Correct horse")),
            Verification::Mismatch
        );
    }

    #[test]
    fn an_imported_bcrypt_hash_matches_and_asks_to_be_replaced() {
        let text = bcrypt::hash("hunter2", 4).unwrap();
        let hash = import(text).unwrap();
        assert_eq!(
            verify(&hash, &Secret::new("hunter2")),
            Verification::MatchOutdated
        );
        assert_eq!(
            verify(&hash, &Secret::new("hunter3")),
            Verification::Mismatch
        );
    }

    fn bcrypt_of(text: &str) -> PasswordHash {
        import(bcrypt::hash(text, 4).unwrap()).unwrap()
    }

    #[test]
    fn a_bcrypt_hash_gives_way_only_to_a_text_that_it_covers_whole() {
        for (length, expected) in [
            (70, Verification::MatchOutdated),
            (71, Verification::MatchOutdated),
            (72, Verification::MatchPart),
            (73, Verification::MatchPart),
            (200, Verification::MatchPart),
        ] {
            let password = "x".repeat(length);
            let shown = verify(&bcrypt_of(&password), &Secret::new(password));
            assert_eq!(shown, expected, "{length}");
        }
        let hash = bcrypt_of(&"x".repeat(80));
        let other_end = format!("{}y", "x".repeat(72));
        let shown = verify(&hash, &Secret::new(other_end));
        assert_eq!(shown, Verification::MatchPart);
        let shorter = verify(&hash, &Secret::new("x".repeat(71)));
        assert_eq!(shorter, Verification::Mismatch);
    }

    #[test]
    fn a_text_with_a_nul_matches_no_bcrypt_hash() {
        // bcrypt itself does not distinguish the password from its repetition.
        let hash = bcrypt::hash("hunter2", 4).unwrap();
        assert!(bcrypt::verify("hunter2\0hunter2", &hash).unwrap());
        for text in ["hunter2\0hunter2", "hunter2\0"] {
            let shown = verify(&bcrypt_of("hunter2"), &Secret::new(text));
            assert_eq!(shown, Verification::Mismatch, "{text:?}");
        }
    }

    const COMPOSED: &str = "p\u{e4}ssw\u{f6}rd";
    const APART: &str = "pa\u{308}sswo\u{308}rd";

    #[test]
    fn our_own_hash_matches_a_password_in_either_form() {
        for set in [COMPOSED, APART] {
            let hash = super::hash(&Secret::new(set), [7; 16]).unwrap();
            for typed in [COMPOSED, APART] {
                let shown = verify(&hash, &Secret::new(typed));
                assert_eq!(shown, Verification::Match, "{set} {typed}");
            }
            let plain = verify(&hash, &Secret::new("password"));
            assert_eq!(plain, Verification::Mismatch);
        }
    }

    #[test]
    fn an_imported_hash_is_compared_with_the_text_as_typed_and_composed() {
        for (set, typed, expected) in [
            (COMPOSED, COMPOSED, Verification::MatchOutdated),
            (COMPOSED, APART, Verification::MatchOutdated),
            (APART, APART, Verification::MatchOutdated),
            (APART, COMPOSED, Verification::Mismatch),
        ] {
            let shown = verify(&bcrypt_of(set), &Secret::new(typed));
            assert_eq!(shown, expected, "{set} {typed}");
        }
    }

    #[test]
    fn a_native_hash_of_a_decomposed_password_is_outdated() {
        let hash = Argon2::default()
            .hash_password_with_salt(APART.as_bytes(), &[7; 16])
            .unwrap();
        let shown = verify(&PasswordHash::new(hash.to_string()), &Secret::new(APART));
        assert_eq!(shown, Verification::MatchOutdated);
    }

    #[test]
    fn other_texts_are_no_hashes() {
        for text in [
            "",
            "hunter2",
            "$2b$tooshort",
            "$argon2id$v=19$nonsense",
            "$1$md5",
        ] {
            assert!(import(text).is_err(), "{text}");
        }
    }
}
