//! A user's password: in clear, or as a hash in the two forms of [Auth0's bulk import].
//!
//! [Auth0's bulk import]: https://auth0.com/docs/manage-users/user-migration/bulk-user-imports

use ratchet_domain::secret::Secret;
use ratchet_keys::password;
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    model::Password,
    sections::fields::one_of,
    yaml::path::{Checked, Fault, Path},
};

/// `custom_password_hash` as the file has it. Argon2 and bcrypt hashes contain salt and cost, so there is little
/// else to read.
#[derive(Debug, Deserialize)]
pub(crate) struct RawPasswordHash {
    algorithm: String,
    hash: RawHash,
    salt: Option<IgnoredAny>,
    password: Option<RawEncoded>,
}

#[derive(Debug, Deserialize)]
struct RawHash {
    value: Secret,
    encoding: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RawEncoded {
    encoding: Option<String>,
}

/// Checks that at most one form is given, and returns it.
pub(crate) fn check(
    at: &Path,
    plain: Option<Secret>,
    hash: Option<&Secret>,
    custom: Option<&RawPasswordHash>,
) -> Checked<Password> {
    match (plain, hash, custom) {
        (None, None, None) => Ok(Password::Absent),
        (Some(plain), None, None) if plain.expose().is_empty() => {
            Err(Fault::new(at.key("password"), "must not be empty"))
        }
        (Some(plain), None, None) => Ok(Password::Plain(plain)),
        (None, Some(hash), None) => imported(&at.key("password_hash"), hash),
        (None, None, Some(custom)) => custom.check(&at.key("custom_password_hash")),
        _ => {
            let message =
                "only one of `password`, `password_hash` and `custom_password_hash` may be given";
            Err(Fault::new(at.clone(), message))
        }
    }
}

impl RawPasswordHash {
    fn check(&self, at: &Path) -> Checked<Password> {
        let prefix = match self.algorithm.as_str() {
            "argon2" => "$argon2",
            "bcrypt" => "$2",
            other => {
                let message = format!("`{other}` is not supported; only argon2 and bcrypt are");
                return Err(Fault::new(at.key("algorithm"), message));
            }
        };
        if self.salt.is_some() {
            return Err(Fault::new(
                at.key("salt"),
                "not supported: the hash brings its own",
            ));
        }
        let password = self
            .password
            .as_ref()
            .and_then(|password| password.encoding.as_deref());
        check_encoding(&at.key("password"), password)?;
        check_encoding(&at.key("hash"), self.hash.encoding.as_deref())?;
        let at = at.key("hash").key("value");
        if !self.hash.value.expose().starts_with(prefix) {
            return Err(Fault::new(at, format!("must begin with `{prefix}`")));
        }
        imported(&at, &self.hash.value)
    }
}

/// Accepts only `utf8`: both forms of hash are text, and we hash passwords as text.
fn check_encoding(at: &Path, encoding: Option<&str>) -> Checked<()> {
    match encoding {
        Some(encoding) => one_of(&at.key("encoding"), encoding, &[("utf8", ())]),
        None => Ok(()),
    }
}

fn imported(at: &Path, hash: &Secret) -> Checked<Password> {
    password::import(hash.expose())
        .map(Password::Hash)
        .map_err(|error| Fault::new(at.clone(), error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{error, tenant};

    const BCRYPT: &str = "$2b$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzABCDE";

    fn file(fields: &str) -> String {
        format!("users:\n  - email: ada@example.com\n    {fields}")
    }

    fn password(fields: &str) -> Password {
        tenant(&file(fields)).users.remove(0).password
    }

    #[test]
    fn a_password_is_absent_plain_or_a_hash() {
        assert!(matches!(password("name: Ada"), Password::Absent));
        assert!(matches!(password("password: x"), Password::Plain(_)));
        assert!(matches!(
            password(&format!("password_hash: {BCRYPT}")),
            Password::Hash(_)
        ));
        let custom = format!(
            "custom_password_hash: {{algorithm: bcrypt, hash: {{value: {BCRYPT}, encoding: utf8}}}}"
        );
        assert!(matches!(password(&custom), Password::Hash(_)));
        let argon2 = "custom_password_hash:
      algorithm: argon2
      hash:
        value: $argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$CgK4AiYBGjY5wQAzC7xO8mvOVmVsnrS9KTbUbNSzDJo";
        assert!(matches!(password(argon2), Password::Hash(_)));
    }

    #[test]
    fn an_unsupported_password_hash_is_rejected() {
        let custom = |hash: &str| format!("custom_password_hash: {hash}");
        for (fields, message) in [
            ("password: ''", "3:5: users[0].password: must not be empty"),
            (
                "password_hash: 5f4dcc3b5aa765d61d8327deb882cf99",
                "3:5: users[0].password_hash: must be an argon2 PHC string or a bcrypt hash",
            ),
            (
                &format!("password: x\n    password_hash: {BCRYPT}"),
                "2:5: users[0]: only one of `password`, `password_hash` and \
                 `custom_password_hash` may be given",
            ),
            (
                &custom("{algorithm: md5, hash: {value: x}}"),
                "3:28: users[0].custom_password_hash.algorithm: `md5` is not supported; only \
                 argon2 and bcrypt are",
            ),
            (
                &custom("{algorithm: bcrypt, hash: {value: x, encoding: hex}}"),
                "3:64: users[0].custom_password_hash.hash.encoding: must be `utf8`, not `hex`",
            ),
            (
                &custom("{algorithm: bcrypt, hash: {value: $argon2id}}"),
                "3:54: users[0].custom_password_hash.hash.value: must begin with `$2`",
            ),
            (
                &custom("{algorithm: bcrypt, hash: {value: $2b}, salt: {value: x}}"),
                "3:67: users[0].custom_password_hash.salt: not supported: the hash brings its own",
            ),
        ] {
            assert_eq!(error(&file(fields)), message);
        }
    }
}
