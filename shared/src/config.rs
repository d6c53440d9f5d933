//! What a function is told by its environment, read once.
//!
//! | variable | meaning |
//! | --- | --- |
//! | `ISSUER` | the issuer: `https://` (or, on a laptop, `http://`), host, and a trailing slash |
//! | `TABLE_NAME` | the table |
//! | `KEY_FILE` | a key file, where there is no KMS |

use std::path::PathBuf;

use url::Url;

/// What a function is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who the tokens say they are from.
    pub issuer: Issuer,
    /// The table.
    pub table: String,
    /// The key file.
    pub key_file: PathBuf,
}

/// An environment variable is missing or wrong.
#[derive(Debug, thiserror::Error)]
#[error("environment variable {name}: {reason}")]
pub struct ConfigError {
    name: &'static str,
    reason: String,
}

impl Config {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        let issuer = required("ISSUER")?;
        Ok(Self {
            issuer: Issuer::parse(&issuer).map_err(|e| ConfigError {
                name: "ISSUER",
                reason: e.to_string(),
            })?,
            table: required("TABLE_NAME")?,
            key_file: required("KEY_FILE")?.into(),
        })
    }
}

fn required(name: &'static str) -> Result<String, ConfigError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads it"
    )]
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        Ok(_) => Err(ConfigError {
            name,
            reason: "is empty".to_owned(),
        }),
        Err(error) => Err(ConfigError {
            name,
            reason: error.to_string(),
        }),
    }
}

/// The issuer: clients compare it byte for byte, so it is kept as the text it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(String);

/// A text is no issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a URL like `https://login.example.com/`: scheme, host and a closing slash, nothing else"
)]
pub struct InvalidIssuer;

impl Issuer {
    /// Takes `https://host/` or `http://host/`.
    pub fn parse(text: &str) -> Result<Self, InvalidIssuer> {
        let url = Url::parse(text).map_err(|_| InvalidIssuer)?;
        let is_origin = matches!(url.scheme(), "https" | "http")
            && format!("{}/", url.origin().ascii_serialization()) == text;
        if is_origin {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidIssuer)
        }
    }

    /// The issuer, with its trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The issuer as an origin, without the slash.
    pub fn origin(&self) -> &str {
        self.0.trim_end_matches('/')
    }

    /// A URL of ours.
    pub fn join(&self, path: &str) -> String {
        format!("{}{}", self.0, path.trim_start_matches('/'))
    }

    /// Whether browsers reach us over HTTPS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_origin_with_a_slash() {
        assert!(Issuer::parse("https://login.example.com/").is_ok());
        assert!(Issuer::parse("http://127.0.0.1:3000/").is_ok());
        for text in [
            "https://a",
            "https://a/b/",
            "ftp://a/",
            "https://a/?x",
            "a",
            "https://A/",
        ] {
            assert_eq!(Issuer::parse(text), Err(InvalidIssuer), "{text}");
        }
    }
}
