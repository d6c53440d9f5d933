//! The limits that bound refreshes, and the load that each of them carries. A pure decision.
//!
//! The arithmetic is that of `shared/README.md`: a refresh is one request, one read of two units, one write of one unit,
//! and in `kms` mode two signatures.

use ratchet_domain::{client::SigningAlgorithm, signing_key::SigningMode};
use serde::Serialize;

/// Synchronous requests a second that Lambda sends to one environment at most, however fast it answers.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#concurrency-vs-requests-per-second>
const REQUESTS_PER_ENVIRONMENT: f64 = 10.0;
/// Seconds that a request waits for a new environment: assumed, not measured on AWS.
const COLD_START: f64 = 0.3;
/// Environments that Lambda adds to one function at once; afterwards it adds as many every ten seconds.
/// <https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html>
const STARTS_AT_ONCE: f64 = 1_000.0;
/// Signatures of a refresh: an access token and an ID token.
const SIGNATURES: f64 = 2.0;
/// Read units of a refresh.
const READ_UNITS: f64 = 2.0;
/// Write units of a refresh.
const WRITE_UNITS: f64 = 1.0;

/// Read and write units a second that a new on-demand table takes.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html>
pub(crate) const NEW_TABLE: [f64; 2] = [12_000.0, 4_000.0];

/// The stated load.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// Refreshes a second.
    pub(crate) refreshes: u32,
    /// The location of private signing keys.
    pub(crate) mode: SigningMode,
    /// The algorithms that tokens are signed with.
    pub(crate) algorithms: Vec<SigningAlgorithm>,
}

/// A limit of the account or of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Lambda's unreserved concurrency, with warm environments.
    Concurrency,
    /// The same, while every request waits for a new environment.
    ColdConcurrency,
    /// Calls of KMS with RSA keys.
    Rsa,
    /// Calls of KMS with keys on elliptic curves.
    Ecc,
    /// Calls of KMS with symmetric keys.
    Symmetric,
    /// Requests to all APIs of the account.
    ApiRate,
    /// Requests to them at one moment.
    ApiBurst,
    /// Reads of one table.
    TableReads,
    /// Writes of one table.
    TableWrites,
    /// Reads that the table takes at once.
    WarmReads,
    /// Writes that the table takes at once.
    WarmWrites,
}

/// A quota of Service Quotas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Quota {
    /// AWS's name for the service.
    pub(crate) service: &'static str,
    /// AWS's code for the quota.
    pub(crate) code: &'static str,
}

impl Limit {
    /// The limits that concern a load.
    pub(crate) fn of(load: &Load) -> Vec<Self> {
        let mut limits = vec![Self::Concurrency, Self::ColdConcurrency, Self::Symmetric];
        if load.mode == SigningMode::Kms {
            let is_ecc = |algorithm: &SigningAlgorithm| *algorithm == SigningAlgorithm::ES256;
            if !load.algorithms.iter().all(is_ecc) {
                limits.push(Self::Rsa);
            }
            if load.algorithms.iter().any(is_ecc) {
                limits.push(Self::Ecc);
            }
        }
        limits.extend([
            Self::ApiRate,
            Self::ApiBurst,
            Self::TableReads,
            Self::TableWrites,
            Self::WarmReads,
            Self::WarmWrites,
        ]);
        limits
    }

    /// Its name at AWS.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Concurrency => "Lambda: unreserved concurrent executions, warm",
            Self::ColdConcurrency => "Lambda: unreserved concurrent executions, all cold",
            Self::Rsa => "KMS: cryptographic operations (RSA) a second",
            Self::Ecc => "KMS: cryptographic operations (ECC) a second",
            Self::Symmetric => "KMS: cryptographic operations (symmetric) a second",
            Self::ApiRate => "API Gateway: throttle rate a second",
            Self::ApiBurst => "API Gateway: throttle burst rate",
            Self::TableReads => "DynamoDB: table-level read throughput limit",
            Self::TableWrites => "DynamoDB: table-level write throughput limit",
            Self::WarmReads => "DynamoDB: read units a second that the table is warm for",
            Self::WarmWrites => "DynamoDB: write units a second that the table is warm for",
        }
    }

    /// The quota that raises it; `None` for what is set at the table.
    pub(crate) const fn quota(self) -> Option<Quota> {
        let (service, code) = match self {
            Self::Concurrency | Self::ColdConcurrency => ("lambda", "L-B99A9384"),
            Self::Rsa => ("kms", "L-2AC98190"),
            Self::Ecc => ("kms", "L-DC14942D"),
            Self::Symmetric => ("kms", "L-6E3AF000"),
            Self::ApiRate => ("apigateway", "L-8A5B8E43"),
            Self::ApiBurst => ("apigateway", "L-CDF5615A"),
            Self::TableReads => ("dynamodb", "L-CF0CBE56"),
            Self::TableWrites => ("dynamodb", "L-AB614373"),
            Self::WarmReads | Self::WarmWrites => return None,
        };
        Some(Quota { service, code })
    }

    /// The consequence for clients once it is reached.
    pub(crate) const fn consequence(self) -> &'static str {
        match self {
            Self::Concurrency => {
                "Lambda throttles every function of the account, logins and the JWKS included: API Gateway answers 503"
            }
            Self::ColdConcurrency => {
                "as with warm environments, whenever all start at once: after a deployment, or at the first peak of a day"
            }
            Self::Rsa | Self::Ecc => {
                "KMS throttles signatures: refreshes get 503 after three attempts, and hold environments meanwhile"
            }
            Self::Symmetric => "functions cannot unwrap their keys: environments fail to start",
            Self::ApiRate => {
                "API Gateway answers 429 to every API of the account, without `Retry-After`"
            }
            Self::ApiBurst => {
                "API Gateway answers 429 if a second's refreshes arrive at one moment, as timers of phones make them"
            }
            Self::TableReads | Self::WarmReads => {
                "DynamoDB throttles reads: requests get 503 before anything is decided"
            }
            Self::TableWrites | Self::WarmWrites => {
                "DynamoDB throttles writes: refreshes get 503 after their tokens are signed"
            }
        }
    }

    /// The refreshes a second that a value of it carries; infinite if no load reaches it.
    fn carries(self, value: f64, load: &Load) -> f64 {
        match self {
            Self::Concurrency => value * REQUESTS_PER_ENVIRONMENT,
            Self::ColdConcurrency => value / COLD_START,
            Self::Rsa | Self::Ecc => value / SIGNATURES,
            Self::Symmetric => {
                let starts = value / unwrapped_keys(load);
                if starts < STARTS_AT_ONCE {
                    starts
                } else {
                    f64::INFINITY
                }
            }
            Self::ApiRate | Self::ApiBurst => value,
            Self::TableReads | Self::WarmReads => value / READ_UNITS,
            Self::TableWrites | Self::WarmWrites => value / WRITE_UNITS,
        }
    }
}

/// Keys that an environment unwraps when it starts: a sealing key, and in `wrapped` mode a signing key for each
/// algorithm.
fn unwrapped_keys(load: &Load) -> f64 {
    match load.mode {
        SigningMode::Kms => 1.0,
        SigningMode::Wrapped => load.algorithms.iter().map(|_| 1.0).sum::<f64>() + 1.0,
    }
}

/// A limit against the load.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Line {
    /// Its name.
    pub(crate) limit: &'static str,
    /// Its value, in its own unit.
    pub(crate) value: f64,
    /// Refreshes a second that it carries; `None` if no load reaches it.
    pub(crate) carries: Option<f64>,
    /// True if it carries the stated load.
    pub(crate) is_enough: bool,
    /// The quota that raises it.
    pub(crate) quota: Option<Quota>,
    /// The consequence for clients once it is reached.
    pub(crate) consequence: &'static str,
}

/// The limits in the order in which a growing load reaches them.
pub(crate) fn ranked(load: &Load, values: &[(Limit, f64)]) -> Vec<Line> {
    let carried = |&(limit, value): &(Limit, f64)| (limit, value, limit.carries(value, load));
    let mut carried: Vec<_> = values.iter().map(carried).collect();
    carried.sort_by(|(_, _, one), (_, _, other)| one.total_cmp(other));
    let line = |(limit, value, carries): (Limit, f64, f64)| Line {
        limit: limit.name(),
        value,
        carries: carries.is_finite().then_some(carries),
        is_enough: carries >= f64::from(load.refreshes),
        quota: limit.quota(),
        consequence: limit.consequence(),
    };
    carried.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use SigningAlgorithm::{ES256, PS256, RS256};

    use super::*;

    /// The values of an account that never requested others.
    const DEFAULTS: [(Limit, f64); 11] = [
        (Limit::Concurrency, 1_000.0),
        (Limit::ColdConcurrency, 1_000.0),
        (Limit::Rsa, 1_000.0),
        (Limit::Ecc, 1_000.0),
        (Limit::Symmetric, 5_500.0),
        (Limit::ApiRate, 10_000.0),
        (Limit::ApiBurst, 5_000.0),
        (Limit::TableReads, 40_000.0),
        (Limit::TableWrites, 40_000.0),
        (Limit::WarmReads, NEW_TABLE[0]),
        (Limit::WarmWrites, NEW_TABLE[1]),
    ];

    fn load(refreshes: u32, mode: SigningMode, algorithms: &[SigningAlgorithm]) -> Load {
        Load {
            refreshes,
            mode,
            algorithms: algorithms.to_vec(),
        }
    }

    fn values_of(load: &Load, changed: &[(Limit, f64)]) -> Vec<(Limit, f64)> {
        let value = |limit| {
            let known = changed.iter().chain(&DEFAULTS);
            known.clone().find(|(known, _)| *known == limit).unwrap().1
        };
        let limits = Limit::of(load).into_iter();
        limits.map(|limit| (limit, value(limit))).collect()
    }

    fn order(load: &Load, changed: &[(Limit, f64)]) -> Vec<(&'static str, Option<f64>, bool)> {
        let lines = ranked(load, &values_of(load, changed)).into_iter();
        lines
            .map(|line| (line.limit, line.carries.map(f64::floor), line.is_enough))
            .collect()
    }

    #[test]
    fn kms_breaks_first_at_half_its_quota_of_signatures() {
        let load = load(500, SigningMode::Kms, &[RS256]);
        let order = order(&load, &[]);
        assert_eq!(order[0], (Limit::Rsa.name(), Some(500.0), true));
        assert_eq!(
            order[1],
            (Limit::ColdConcurrency.name(), Some(3_333.0), true)
        );
        assert_eq!(order[2], (Limit::WarmWrites.name(), Some(4_000.0), true));
        assert_eq!(order[3], (Limit::ApiBurst.name(), Some(5_000.0), true));
        assert_eq!(order[4], (Limit::WarmReads.name(), Some(6_000.0), true));
    }

    #[test]
    fn one_refresh_more_than_a_limit_carries_is_too_many() {
        let load = load(501, SigningMode::Kms, &[RS256]);
        let short: Vec<_> = order(&load, &[])
            .into_iter()
            .filter(|(_, _, is_enough)| !is_enough)
            .collect();
        assert_eq!(short, [(Limit::Rsa.name(), Some(500.0), false)]);
    }

    #[test]
    fn a_new_accounts_ten_executions_break_before_everything_else() {
        let new = [(Limit::Concurrency, 10.0), (Limit::ColdConcurrency, 10.0)];
        let order = order(&load(50, SigningMode::Kms, &[RS256]), &new);
        assert_eq!(order[0], (Limit::ColdConcurrency.name(), Some(33.0), false));
        assert_eq!(order[1], (Limit::Concurrency.name(), Some(100.0), true));
    }

    #[test]
    fn a_quota_of_signatures_concerns_the_algorithms_in_use_in_kms_mode() {
        let is_of = |mode, algorithms: &[SigningAlgorithm]| {
            let limits = Limit::of(&load(1, mode, algorithms));
            [Limit::Rsa, Limit::Ecc].map(|limit| limits.contains(&limit))
        };
        assert_eq!(is_of(SigningMode::Kms, &[RS256]), [true, false]);
        assert_eq!(is_of(SigningMode::Kms, &[ES256]), [false, true]);
        assert_eq!(is_of(SigningMode::Kms, &[PS256, ES256]), [true, true]);
        assert_eq!(is_of(SigningMode::Wrapped, &[RS256, ES256]), [false, false]);
    }

    #[test]
    fn unwrapping_keys_bounds_starts_and_no_load_beyond_what_lambda_starts_at_once() {
        let of = |symmetric, algorithms: &[SigningAlgorithm]| {
            let load = load(1, SigningMode::Wrapped, algorithms);
            Limit::Symmetric.carries(symmetric, &load)
        };
        let is = |one: f64, other: f64| one.total_cmp(&other).is_eq();
        assert!(is(of(5_500.0, &[RS256]), f64::INFINITY));
        assert!(is(of(1_000.0, &[RS256]), 500.0));
        assert!(is(of(2_000.0, &[RS256, PS256, ES256]), 500.0));
    }

    #[test]
    fn every_limit_with_a_quota_has_one_of_its_own_service() {
        for (limit, _) in DEFAULTS {
            if let Some(quota) = limit.quota() {
                let name = limit.name().to_lowercase().replace(' ', "");
                assert!(name.starts_with(quota.service), "{name}");
            }
        }
    }
}
