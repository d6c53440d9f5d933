//! Which lines of requests that succeeded are logged.

use serde_json::Value;

use super::{event, line::Record, request};

/// The share of the successful requests whose line is logged, in percent. Every refusal, every failure and every event
/// other than the exchange of a refresh token is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample(u8);

impl Sample {
    /// Every line is logged.
    pub const ALL: Self = Self(100);

    /// A share from 0 to 100.
    #[must_use]
    pub fn from_percent(percent: u8) -> Option<Self> {
        (percent <= 100).then_some(Self(percent))
    }

    /// True if a line is logged. The id of its request decides, which is random.
    pub(super) fn includes(self, record: &Record) -> bool {
        if !is_ordinary(record) {
            return true;
        }
        let id = record.field("request_id").and_then(Value::as_str);
        let digits = id.and_then(|id| id.get(..8));
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        number.is_none_or(|number| (u64::from(number) * 100) >> u32::BITS < u64::from(self.0))
    }
}

/// True for the line of a request that succeeded, with no other event than the exchange of a refresh token.
fn is_ordinary(record: &Record) -> bool {
    let has_succeeded = record.field("status").and_then(Value::as_u64);
    let event = record.field("type").and_then(Value::as_str);
    record.target == request::END
        && record.level >= tracing::Level::INFO
        && has_succeeded.is_some_and(|status| status < 400)
        && event.is_none_or(|event| event == event::REFRESH_EXCHANGED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_request(id: &str, status: u16, event: Option<&str>) -> Record {
        let mut fields = vec![("request_id", id.into()), ("status", status.into())];
        if let Some(event) = event {
            fields.push(("type", event.into()));
        }
        Record {
            target: request::END,
            ..Record::for_tests(fields)
        }
    }

    fn tenth() -> Sample {
        Sample::from_percent(10).unwrap()
    }

    #[test]
    fn the_share_of_the_ids_is_the_share_of_the_lines() {
        for (percent, logged) in [(0, 0), (1, 3), (10, 26), (50, 128), (99, 254), (100, 256)] {
            let sample = Sample::from_percent(percent).unwrap();
            let ids = (0..=255_u32).map(|n| format!("{n:02x}{:030x}", 0));
            let lines = ids.map(|id| of_request(&id, 200, Some("sertft")));
            assert_eq!(lines.filter(|line| sample.includes(line)).count(), logged);
        }
        assert_eq!(Sample::from_percent(101), None);
    }

    #[test]
    fn refusals_failures_and_other_events_are_all_logged() {
        let last = "f".repeat(32);
        for (status, event) in [
            (403, Some("fertft")),
            (400, None),
            (503, Some("sertft")),
            (200, Some("s")),
            (202, Some("sapi")),
            (200, Some("srrt")),
        ] {
            assert!(
                tenth().includes(&of_request(&last, status, event)),
                "{status} {event:?}"
            );
        }
        for (status, event) in [(200, Some("sertft")), (200, None), (302, None)] {
            assert!(
                !tenth().includes(&of_request(&last, status, event)),
                "{status} {event:?}"
            );
        }
    }

    #[test]
    fn a_line_that_is_not_of_a_request_or_warns_is_logged() {
        let last = "f".repeat(32);
        let line = of_request(&last, 200, None);
        let warning = Record {
            level: tracing::Level::WARN,
            ..of_request(&last, 200, None)
        };
        assert!(tenth().includes(&warning));
        assert!(tenth().includes(&Record {
            target: "ratchet_core",
            ..line
        }));
    }
}
