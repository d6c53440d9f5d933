//! Metrics of the log, which alarms and a dashboard of CloudWatch read. They are lines in its [embedded metric format],
//! and count all lines, including those that are left out as a sample's rest.
//!
//! [embedded metric format]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use ratchet_domain::time::{Lifetime, Timestamp};
use serde_json::{Value, json};

use super::{event, line::Record};

/// Successes are counted for so long before they are written.
const PERIOD: Lifetime = Lifetime::from_secs(60);

/// A metric of CloudWatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Metric {
    RefreshesExchanged,
    RefreshesRefused,
    ReusesDetected,
    ReplaysByAnotherProgram,
    ReplaysFromAnotherAddress,
    LoginsFailed,
    KeyServiceFailures,
}

impl Metric {
    fn name(self) -> &'static str {
        match self {
            Self::RefreshesExchanged => "RefreshesExchanged",
            Self::RefreshesRefused => "RefreshesRefused",
            Self::ReusesDetected => "ReusesDetected",
            Self::ReplaysByAnotherProgram => "ReplaysByAnotherProgram",
            Self::ReplaysFromAnotherAddress => "ReplaysFromAnotherAddress",
            Self::LoginsFailed => "LoginsFailed",
            Self::KeyServiceFailures => "KeyServiceFailures",
        }
    }

    /// The metrics that count a line.
    fn of(record: &Record) -> impl Iterator<Item = Self> {
        let text = |name| record.field(name).and_then(Value::as_str);
        let of_event = match text("type") {
            Some(event::REFRESH_EXCHANGED) => Some(Self::RefreshesExchanged),
            Some(event::REFRESH_REFUSED) => Some(Self::RefreshesRefused),
            Some(event::REUSE_DETECTED) => Some(Self::ReusesDetected),
            Some(event::REPLAYED_ELSEWHERE) => match text("differs") {
                Some("address") => Some(Self::ReplaysFromAnotherAddress),
                _ => Some(Self::ReplaysByAnotherProgram),
            },
            Some(
                event::WRONG_PASSWORD
                | event::WRONG_USER_NAME
                | event::LOGIN_BLOCKED
                | event::ADDRESS_THROTTLED,
            ) => Some(Self::LoginsFailed),
            _ => None,
        };
        let fails = text("reason").is_some_and(|reason| reason.contains("key service unavailable"));
        let of_reason = fails.then_some(Self::KeyServiceFailures);
        of_event.into_iter().chain(of_reason)
    }
}

/// The metrics of one environment that are not yet written.
#[derive(Debug)]
pub(super) struct Metrics {
    namespace: String,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    numbers: BTreeMap<Metric, u64>,
    written_at: Option<Timestamp>,
}

impl Metrics {
    /// Metrics of this namespace, which names the stack.
    pub(super) fn new(namespace: String) -> Self {
        Self {
            namespace,
            counted: Mutex::default(),
        }
    }

    /// Counts a line, and returns the fields of the line of metrics if one is due. A refusal or a failure is due at once:
    /// Lambda may freeze the environment after the request, and remove it later. Successes are due a minute after the last
    /// line of metrics. So an environment that is removed has at most a minute of successes that no metric has.
    pub(super) fn count(
        &self,
        record: &Record,
        now: Timestamp,
    ) -> Option<Vec<(&'static str, Value)>> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_due = counted.written_at.is_none_or(|at| now >= at.plus(PERIOD));
        for metric in Metric::of(record) {
            let number = counted.numbers.entry(metric).or_default();
            *number = number.saturating_add(1);
            is_due |= metric != Metric::RefreshesExchanged;
        }
        if !is_due || counted.numbers.is_empty() {
            return None;
        }
        counted.written_at = Some(now);
        let numbers = std::mem::take(&mut counted.numbers);
        drop(counted);
        Some(self.fields(&numbers, now))
    }

    fn fields(
        &self,
        numbers: &BTreeMap<Metric, u64>,
        now: Timestamp,
    ) -> Vec<(&'static str, Value)> {
        let metrics = numbers.keys();
        let metrics: Vec<_> = metrics
            .map(|metric| json!({"Name": metric.name(), "Unit": "Count"}))
            .collect();
        let directive = json!({
            "Timestamp": now.as_millis(),
            "CloudWatchMetrics": [
                {"Namespace": self.namespace, "Dimensions": [[]], "Metrics": metrics}
            ],
        });
        let numbers = numbers.iter();
        let numbers = numbers.map(|(metric, number)| (metric.name(), (*number).into()));
        [("_aws", directive)].into_iter().chain(numbers).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fields: &[(&'static str, &str)]) -> Record {
        let fields = fields.iter();
        Record::for_tests(
            fields
                .map(|(name, value)| (*name, Value::from(*value)))
                .collect(),
        )
    }

    fn exchanged() -> Record {
        record(&[("type", "sertft")])
    }

    fn metrics() -> Metrics {
        Metrics::new("Ratchet/prod".to_owned())
    }

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_millis(secs * 1_000)
    }

    /// The names and numbers of a line of metrics.
    fn numbers(fields: Vec<(&'static str, Value)>) -> Vec<(&'static str, u64)> {
        let numbers = fields.into_iter().skip(1);
        numbers
            .map(|(name, value)| (name, value.as_u64().unwrap()))
            .collect()
    }

    #[test]
    fn successes_of_a_minute_are_one_line() {
        let metrics = metrics();
        let first = metrics.count(&exchanged(), at(100)).unwrap();
        assert_eq!(numbers(first), [("RefreshesExchanged", 1)]);
        for secs in [100, 130, 159] {
            assert!(metrics.count(&exchanged(), at(secs)).is_none());
        }
        // Any line of the log is reason enough, once the minute is over.
        let other = record(&[("message", "a line of another kind")]);
        let later = metrics.count(&other, at(160)).unwrap();
        assert_eq!(numbers(later), [("RefreshesExchanged", 3)]);
        assert!(metrics.count(&other, at(900)).is_none());
    }

    #[test]
    fn a_refusal_is_written_at_once_and_so_are_the_successes_before_it() {
        let metrics = metrics();
        metrics.count(&exchanged(), at(100));
        assert!(metrics.count(&exchanged(), at(101)).is_none());
        let refused = metrics
            .count(&record(&[("type", "fertft")]), at(101))
            .unwrap();
        let both = [("RefreshesExchanged", 1), ("RefreshesRefused", 1)];
        assert_eq!(numbers(refused), both);
    }

    #[test]
    fn each_event_has_its_metric() {
        for (fields, name) in [
            (&[("type", "sertft")][..], "RefreshesExchanged"),
            (&[("type", "fertft")], "RefreshesRefused"),
            (&[("type", "ferrt")], "ReusesDetected"),
            (
                &[("type", "leeway_replay_elsewhere"), ("differs", "address")],
                "ReplaysFromAnotherAddress",
            ),
            (
                &[
                    ("type", "leeway_replay_elsewhere"),
                    ("differs", "user_agent"),
                ],
                "ReplaysByAnotherProgram",
            ),
            (
                &[
                    ("type", "leeway_replay_elsewhere"),
                    ("differs", "address user_agent"),
                ],
                "ReplaysByAnotherProgram",
            ),
            (&[("type", "fp")], "LoginsFailed"),
            (&[("type", "fu")], "LoginsFailed"),
            (&[("type", "limit_wc")], "LoginsFailed"),
            (&[("type", "limit_mu")], "LoginsFailed"),
            (
                &[("reason", "key service unavailable: throttled")],
                "KeyServiceFailures",
            ),
        ] {
            let counted = metrics().count(&record(fields), at(0)).unwrap();
            assert_eq!(numbers(counted), [(name, 1)], "{fields:?}");
        }
        let others = [
            &[("type", "s")][..],
            &[("reason", "expired")],
            &[("message", "fertft")],
        ];
        for fields in others {
            assert!(
                metrics().count(&record(fields), at(0)).is_none(),
                "{fields:?}"
            );
        }
    }

    #[test]
    fn a_line_of_metrics_has_the_embedded_metric_format() {
        let fields = metrics().count(&exchanged(), at(7)).unwrap();
        assert_eq!(
            fields[0].1,
            json!({
                "Timestamp": 7_000,
                "CloudWatchMetrics": [{
                    "Namespace": "Ratchet/prod",
                    "Dimensions": [[]],
                    "Metrics": [{"Name": "RefreshesExchanged", "Unit": "Count"}],
                }],
            })
        );
    }
}
