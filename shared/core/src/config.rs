//! The configuration of a function, read once from its environment.
//!
//! | variable | meaning |
//! | --- | --- |
//! | `ISSUER` | the issuer: `https://` (or, on a laptop, `http://`), host, and a trailing slash |
//! | `TABLE_NAME` | the table |
//! | `SIGNING_MODE` | `kms` (the default) or `wrapped`: see [`SigningMode`] |
//! | `SIGNING_KEYS` | the signing keys in KMS, `RS256=<key id or ARN>`, separated by commas; in `wrapped` mode the algorithms alone suffice |
//! | `WRAPPING_KEY` | the symmetric key in KMS that wraps the keys in the table; after commas those that wrapped keys of the table before: see [`WrappingKeys`] |
//! | `KEY_FILE` | the path of a key file, instead of the last two, without KMS |
//! | `TRUSTED_PROXIES` | the number of the operator's own proxies before the front (`CloudFront` is one); 0 by default |
//! | `PROXY_SECRET_DIGESTS` | SHA-256 of the secret that those proxies send in `x-ratchet-proxy-secret`, or of two |
//! | `PROXY_ADDRESSES` | the addresses of those proxies, as ranges separated by commas |
//! | `REQUIRE_PROXIES` | `enabled` rejects requests that did not come through those proxies; `disabled` by default |
//! | `REGION_ROLE` | `active` (the default) or `passive`: see [`RegionRole`] |
//! | `SCRIPT_HOSTS` | the hosts that tenants' scripts may reach: see [`AllowedHosts::parse`]; none by default |
//! | `SCRIPT_SECONDS` | the seconds that all scripts of a login may take together, waiting included: 1 to 20; 5 by default |
//! | `SUCCESS_LOG_PERCENT` | the share of the successful requests that are logged: see [`Sample`]; 100 by default |
//! | `METRICS_NAMESPACE` | the namespace of the metrics in `CloudWatch`; the log has no metrics without it |
//! | `AWS_REGION` | set by Lambda, as are the credentials |
//! | `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_KMS` | endpoints of emulators, instead of AWS |

use std::{path::PathBuf, time::Duration};

use ratchet_domain::{
    client::SigningAlgorithm,
    network::is_loopback_host,
    proxies::{InvalidProxies, TrustedProxies, parse_digests, parse_ranges},
    signing_key::{ServiceKey, SigningMode},
};
use ratchet_keys::wrapping::WrappingKeys;
use ratchet_scripts::requests::hosts::AllowedHosts;
use ratchet_telemetry::{JsonSettings, Sample};
use url::Url;

/// The configuration of a function.
#[derive(Debug, Clone)]
pub struct Config {
    /// The issuer of all tokens.
    pub issuer: Issuer,
    /// Name of the table.
    pub table: String,
    /// Location of private signing keys.
    pub signing_mode: SigningMode,
    /// Source of the wrapping and signing keys: AWS KMS or a key file.
    pub keys: KeyConfig,
    /// Proxies before the front that are trusted to report a caller's address.
    pub trusted_proxies: TrustedProxies,
    /// The part of this Region's stack in a pair of replicated stacks.
    pub region_role: RegionRole,
    /// Hosts that tenants' scripts may reach.
    pub script_hosts: AllowedHosts,
    /// Time that all scripts of a login may take together.
    pub script_time: Duration,
}

/// The settings by which a function reaches AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsConfig {
    /// AWS region of the table and of KMS, such as `eu-central-1`.
    pub region: String,
    /// URL of `DynamoDB`; `None` for AWS in that region.
    pub dynamodb_endpoint: Option<String>,
    /// URL of KMS; `None` for AWS in that region.
    pub kms_endpoint: Option<String>,
    /// Most requests that Lambda sends to an environment at once: 1, unless it runs on Managed Instances.
    pub max_concurrency: usize,
}

impl AwsConfig {
    /// Reads the environment; the error names the variable that is missing or malformed.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment)
    }

    fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let variables = Variables(get);
        let anywhere = variables.optional("AWS_ENDPOINT_URL");
        let endpoint = |name| variables.optional(name).or_else(|| anywhere.clone());
        Ok(Self {
            region: variables.required("AWS_REGION")?,
            dynamodb_endpoint: endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            kms_endpoint: endpoint("AWS_ENDPOINT_URL_KMS"),
            max_concurrency: variables.number("AWS_LAMBDA_MAX_CONCURRENCY", 1)?,
        })
    }
}

/// The part of this Region's stack in a pair of stacks whose tables are replicas of each other. Two stacks that both rotate
/// refresh tokens would overwrite each other's families and revocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionRole {
    /// It serves every request.
    Active,
    /// It publishes its documents, and answers 503 to every other request.
    Passive,
}

/// The source of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyConfig {
    /// Path to a file with unencrypted keys, for stacks without KMS.
    File(PathBuf),
    /// Keys in AWS KMS, named by id or ARN.
    Kms {
        /// The symmetric keys: the first wraps.
        wrapping_keys: WrappingKeys,
        /// The asymmetric keys that sign.
        signing_keys: Vec<ServiceKey>,
    },
}

/// An environment variable is missing or invalid.
#[derive(Debug, thiserror::Error)]
#[error("environment variable {name}: {reason}")]
pub struct ConfigError {
    name: &'static str,
    reason: String,
}

impl Config {
    /// Reads the environment; the error names the variable that is missing or malformed.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment)
    }

    /// Reads variables as `get` gives them; an empty one counts as missing.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let variables = Variables(get);
        let wrong = |name, reason: String| ConfigError { name, reason };
        let issuer = variables.required("ISSUER")?;
        let issuer = Issuer::parse(&issuer).map_err(|e| wrong("ISSUER", e.to_string()))?;
        let signing_mode = match variables.optional("SIGNING_MODE").as_deref() {
            None | Some("kms") => SigningMode::Kms,
            Some("wrapped") => SigningMode::Wrapped,
            Some(_) => return Err(wrong("SIGNING_MODE", "must be kms or wrapped".to_owned())),
        };
        let keys = match variables.optional("KEY_FILE") {
            Some(path) => KeyConfig::File(path.into()),
            None => KeyConfig::Kms {
                wrapping_keys: WrappingKeys::parse(&variables.required("WRAPPING_KEY")?)
                    .map_err(|e| wrong("WRAPPING_KEY", e.to_string()))?,
                signing_keys: signing_keys(&variables.required("SIGNING_KEYS")?, signing_mode)
                    .map_err(|reason| wrong("SIGNING_KEYS", reason))?,
            },
        };
        let hosts = variables.optional("SCRIPT_HOSTS").unwrap_or_default();
        let script_hosts =
            AllowedHosts::parse(&hosts).map_err(|e| wrong("SCRIPT_HOSTS", e.to_string()))?;
        Ok(Self {
            issuer,
            table: variables.required("TABLE_NAME")?,
            signing_mode,
            keys,
            trusted_proxies: trusted_proxies(&variables)?,
            region_role: match variables.optional("REGION_ROLE").as_deref() {
                None | Some("active") => RegionRole::Active,
                Some("passive") => RegionRole::Passive,
                Some(_) => {
                    return Err(wrong("REGION_ROLE", "must be active or passive".to_owned()));
                }
            },
            script_hosts,
            script_time: script_time(&variables)?,
        })
    }
}

/// Reads what the log of a function contains; the error names the variable that is malformed.
pub fn log_settings() -> Result<JsonSettings, ConfigError> {
    read_log_settings(&Variables(&environment))
}

fn read_log_settings(variables: &Variables<'_>) -> Result<JsonSettings, ConfigError> {
    let success_percent = "SUCCESS_LOG_PERCENT";
    let percent = u8::try_from(variables.number(success_percent, 100)?).ok();
    let successes = percent.and_then(Sample::from_percent);
    let wrong = || ConfigError {
        name: success_percent,
        reason: "must be a number from 0 to 100".to_owned(),
    };
    Ok(JsonSettings {
        successes: successes.ok_or_else(wrong)?,
        metrics_namespace: variables.optional("METRICS_NAMESPACE"),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads it"
)]
/// A variable of the environment; `None` if it is missing or not UTF-8.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

struct Variables<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Variables<'_> {
    fn optional(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        let missing = || ConfigError {
            name,
            reason: "is not set".to_owned(),
        };
        self.optional(name).ok_or_else(missing)
    }

    fn number(&self, name: &'static str, default: usize) -> Result<usize, ConfigError> {
        let wrong = |_| ConfigError {
            name,
            reason: "must be a number".to_owned(),
        };
        self.optional(name)
            .map_or(Ok(default), |text| text.parse().map_err(wrong))
    }
}

/// The time for scripts: up to twenty seconds, as at Auth0. An HTTP API gives up after thirty.
fn script_time(variables: &Variables<'_>) -> Result<Duration, ConfigError> {
    let name = "SCRIPT_SECONDS";
    match variables.number(name, 5)? {
        seconds @ 1..=20 => Ok(Duration::from_secs(seconds as u64)),
        _ => Err(ConfigError {
            name,
            reason: "must be a number from 1 to 20".to_owned(),
        }),
    }
}

/// The trusted proxies. They authenticate themselves by a secret or by their address.
fn trusted_proxies(variables: &Variables<'_>) -> Result<TrustedProxies, ConfigError> {
    let hops = variables.number("TRUSTED_PROXIES", 0)?;
    let text = |name| variables.optional(name).unwrap_or_default();
    let wrong = |name| {
        move |error: InvalidProxies| ConfigError {
            name,
            reason: error.to_string(),
        }
    };
    let (digests, addresses) = ("PROXY_SECRET_DIGESTS", "PROXY_ADDRESSES");
    let secrets = parse_digests(&text(digests)).map_err(wrong(digests))?;
    let ranges = parse_ranges(&text(addresses)).map_err(wrong(addresses))?;
    let proxies = TrustedProxies::new(hops, secrets, ranges).map_err(wrong("TRUSTED_PROXIES"))?;
    let required = "REQUIRE_PROXIES";
    match variables.optional(required).as_deref() {
        None | Some("disabled") => Ok(proxies),
        Some("enabled") => proxies.required().map_err(wrong(required)),
        Some(_) => Err(ConfigError {
            name: required,
            reason: "must be enabled or disabled".to_owned(),
        }),
    }
}

/// Reads `RS256=arn:...,ES256=arn:...`; in `wrapped` mode the keys need no id in KMS.
fn signing_keys(text: &str, mode: SigningMode) -> Result<Vec<ServiceKey>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(|entry| match (mode, SigningAlgorithm::parse(entry)) {
            (SigningMode::Wrapped, Some(algorithm)) if algorithm != SigningAlgorithm::HS256 => {
                Ok(ServiceKey::unnamed(algorithm))
            }
            _ => ServiceKey::parse(entry),
        })
        .collect()
}

/// The issuer, kept as its original text because clients compare it byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(String);

/// The text is not an issuer.
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

    /// The issuer's host, without a port.
    pub fn host(&self) -> &str {
        let authority = self.origin().split_once("://").map_or("", |(_, rest)| rest);
        // The colons of an IPv6 address are in brackets.
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        }
    }

    /// The issuer's port; `None` if it has none.
    pub fn port(&self) -> Option<u16> {
        let (_, port) = self.origin().rsplit_once(':')?;
        port.parse().ok()
    }

    /// The URL of a path of ours.
    pub fn join(&self, path: &str) -> String {
        format!("{}{}", self.0, path.trim_start_matches('/'))
    }

    /// True if browsers reach us over HTTPS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// True if browsers must reach this host only over HTTPS from now on (RFC 6797). Never true for a loopback host, on
    /// which a developer's other servers use HTTP.
    pub fn promises_https(&self) -> bool {
        self.is_https() && !is_loopback_host(self.host())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_has_every_success_and_no_metrics_unless_the_environment_says_otherwise() {
        let read = |variables: &'static [(&str, &str)]| {
            let find = move |name: &str| variables.iter().find(|(known, _)| *known == name);
            let get = move |name: &str| find(name).map(|(_, value)| (*value).to_owned());
            read_log_settings(&Variables(&get)).map_err(|error| error.to_string())
        };
        assert_eq!(read(&[]), Ok(JsonSettings::default()));
        let settings = read(&[
            ("SUCCESS_LOG_PERCENT", "10"),
            ("METRICS_NAMESPACE", "Ratchet/prod"),
        ]);
        let settings = settings.unwrap();
        assert_eq!(Some(settings.successes), Sample::from_percent(10));
        assert_eq!(settings.metrics_namespace.as_deref(), Some("Ratchet/prod"));
        for wrong in [
            &[("SUCCESS_LOG_PERCENT", "101")],
            &[("SUCCESS_LOG_PERCENT", "all")],
        ] {
            let error = read(wrong).unwrap_err();
            assert!(
                error.contains("SUCCESS_LOG_PERCENT: must be a number"),
                "{error}"
            );
        }
    }

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let get = |name: &str| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Config::read(&get).map_err(|e| e.to_string())
    }

    const COMPLETE: [(&str, &str); 4] = [
        ("ISSUER", "https://login.example.com/"),
        ("TABLE_NAME", "ratchet"),
        ("WRAPPING_KEY", "arn:aws:kms:eu-west-1:1:key/w"),
        (
            "SIGNING_KEYS",
            "RS256=arn:aws:kms:eu-west-1:1:key/a, ES256=b",
        ),
    ];

    #[test]
    fn a_complete_environment_is_read() {
        let config = read(&COMPLETE).unwrap();
        assert_eq!(config.signing_mode, SigningMode::Kms);
        assert_eq!(config.script_time, Duration::from_secs(5));
        assert_eq!(config.region_role, RegionRole::Active);
        let KeyConfig::Kms { signing_keys, .. } = config.keys else {
            panic!("no KMS")
        };
        assert_eq!(signing_keys[0].id, "arn:aws:kms:eu-west-1:1:key/a");
        assert_eq!(signing_keys[1].algorithm, SigningAlgorithm::ES256);
    }

    #[test]
    fn every_missing_variable_is_named() {
        for missing in ["ISSUER", "TABLE_NAME", "WRAPPING_KEY", "SIGNING_KEYS"] {
            let rest: Vec<_> = COMPLETE
                .into_iter()
                .filter(|(name, _)| *name != missing)
                .collect();
            let error = read(&rest).map(|_| ()).unwrap_err();
            assert_eq!(error, format!("environment variable {missing}: is not set"));
        }
    }

    #[test]
    fn endpoints_are_named_as_the_sdk_names_them() {
        let get = |name: &str| match name {
            "AWS_REGION" => Some("eu-west-1".to_owned()),
            "AWS_ENDPOINT_URL" => Some("http://any".to_owned()),
            "AWS_ENDPOINT_URL_KMS" => Some("http://kms".to_owned()),
            _ => None,
        };
        let config = AwsConfig::read(&get).unwrap();
        assert_eq!(config.dynamodb_endpoint.as_deref(), Some("http://any"));
        assert_eq!(config.kms_endpoint.as_deref(), Some("http://kms"));
        assert!(
            AwsConfig::read(&|_| None)
                .unwrap_err()
                .to_string()
                .contains("AWS_REGION")
        );
    }

    #[test]
    fn wrong_values_are_named() {
        let with = |name: &'static str, value: &'static str| {
            let mut variables = vec![(name, value)];
            variables.extend(COMPLETE);
            read(&variables).map(|_| ())
        };
        assert!(with("ISSUER", "login").unwrap_err().contains("ISSUER"));
        assert!(
            with("SIGNING_MODE", "both")
                .unwrap_err()
                .contains("SIGNING_MODE")
        );
        assert!(
            with("SIGNING_KEYS", "RS256")
                .unwrap_err()
                .contains("names no key")
        );
        assert!(
            with("SIGNING_KEYS", "HS256=x")
                .unwrap_err()
                .contains("RS256, PS256 or ES256")
        );
        assert!(
            with("TRUSTED_PROXIES", "cloudfront")
                .unwrap_err()
                .contains("TRUSTED_PROXIES")
        );
        let unproved = with("TRUSTED_PROXIES", "2").unwrap_err();
        assert!(
            unproved.contains("TRUSTED_PROXIES: needs PROXY_SECRET_DIGESTS or PROXY_ADDRESSES"),
            "{unproved}"
        );
        assert!(with("TRUSTED_PROXIES", "0").is_ok());
        for (value, reason) in [
            ("enabled", "needs TRUSTED_PROXIES"),
            ("true", "must be enabled or disabled"),
        ] {
            let error = with("REQUIRE_PROXIES", value).unwrap_err();
            assert!(
                error.contains(&format!("REQUIRE_PROXIES: {reason}")),
                "{error}"
            );
        }
        assert!(with("REQUIRE_PROXIES", "disabled").is_ok());
        let error = with("REGION_ROLE", "standby").unwrap_err();
        assert!(
            error.contains("REGION_ROLE: must be active or passive"),
            "{error}"
        );
        assert!(with("REGION_ROLE", "passive").is_ok());
        for (name, value) in [
            ("PROXY_SECRET_DIGESTS", "the secret itself"),
            ("PROXY_ADDRESSES", "cloudfront"),
        ] {
            let error = with(name, value).unwrap_err();
            assert!(error.contains(name) && !error.contains(value), "{error}");
        }
        assert!(
            with("SCRIPT_HOSTS", "*")
                .unwrap_err()
                .contains("SCRIPT_HOSTS: `*` is more than a host")
        );
        assert!(with("SCRIPT_HOSTS", "api.example.com, *.example.org").is_ok());
        for (seconds, reason) in [
            ("0", "must be a number from 1 to 20"),
            ("21", "must be a number from 1 to 20"),
            ("5s", "must be a number"),
        ] {
            let error = with("SCRIPT_SECONDS", seconds).unwrap_err();
            assert_eq!(
                error,
                format!("environment variable SCRIPT_SECONDS: {reason}")
            );
        }
        assert!(with("SCRIPT_SECONDS", "20").is_ok());
        assert!(with("SIGNING_MODE", "wrapped").is_ok());
        assert!(with("KEY_FILE", "keys.json").is_ok());
    }

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
