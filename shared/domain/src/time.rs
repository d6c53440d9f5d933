//! Points in time and lengths of time. Nothing in the domain reads a clock.

use std::{fmt, time::Duration};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Visitor},
};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// From seconds since the epoch.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down: the unit of JWT claims and of `DynamoDB`'s TTL.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// The time `lifetime` later.
    #[must_use]
    pub const fn plus(self, lifetime: Lifetime) -> Self {
        Self(self.0.saturating_add(lifetime.0.saturating_mul(1000)))
    }

    /// Time since `earlier`; zero if `earlier` is in the future.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// ISO 8601 in UTC with milliseconds, as Auth0 writes `updated_at`.
    pub fn to_rfc3339(self) -> String {
        let nanos = i128::from(self.0) * 1_000_000;
        time::OffsetDateTime::from_unix_timestamp_nanos(nanos).map_or_else(
            |_| String::new(),
            |at| {
                format!(
                    "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                    at.year(),
                    u8::from(at.month()),
                    at.day(),
                    at.hour(),
                    at.minute(),
                    at.second(),
                    at.millisecond()
                )
            },
        )
    }

    /// Reads RFC 3339; `None` for any other text and for times before 1970.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let at = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
            .ok()?;
        u64::try_from(at.unix_timestamp_nanos() / 1_000_000)
            .ok()
            .map(Self)
    }
}

/// A time in a presented JWT (RFC 7519 section 2, `NumericDate`): a JSON number of seconds since the epoch, which
/// may have a fraction. Deserialization fails for anything else, and for a time before 1970 or after the year 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumericDate(Timestamp);

impl NumericDate {
    /// The end of the year 9999.
    const LATEST: Timestamp = Timestamp::from_secs(253_402_300_799);

    /// The time, to the millisecond, rounded down.
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumericDateVisitor)
    }
}

struct NumericDateVisitor;

impl Visitor<'_> for NumericDateVisitor {
    type Value = NumericDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds since 1970 as a number, up to the year 9999")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<NumericDate, E> {
        within_calendar(Timestamp::from_secs(seconds))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<NumericDate, E> {
        // Rejects negative numbers, infinity and NaN.
        let since_epoch = Duration::try_from_secs_f64(seconds).map_err(E::custom)?;
        let millis = u64::try_from(since_epoch.as_millis()).map_err(E::custom)?;
        within_calendar(Timestamp::from_millis(millis))
    }
}

fn within_calendar<E: Error>(at: Timestamp) -> Result<NumericDate, E> {
    if at <= NumericDate::LATEST {
        Ok(NumericDate(at))
    } else {
        Err(E::custom("a time after the year 9999"))
    }
}

/// A length of time in whole seconds, the unit of every lifetime in Auth0's configuration.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Lifetime(u64);

impl Lifetime {
    /// A duration of whole seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs)
    }

    /// The duration in whole seconds.
    pub const fn as_secs(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_is_written_with_milliseconds_and_read_back() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        assert_eq!(at.to_rfc3339(), "2023-11-14T22:13:20.123Z");
        assert_eq!(
            Timestamp::parse_rfc3339("2023-11-14T22:13:20.123Z"),
            Some(at)
        );
        assert_eq!(Timestamp::parse_rfc3339("yesterday"), None);
    }

    #[test]
    fn arithmetic_stops_at_the_ends_of_time() {
        let end = Timestamp::from_millis(u64::MAX);
        assert_eq!(end.plus(Lifetime::from_secs(u64::MAX)), end);
        assert_eq!(
            Timestamp::from_secs(1).since(Timestamp::from_secs(2)),
            Duration::ZERO
        );
    }

    #[test]
    fn a_numeric_date_may_have_a_fraction_and_an_exponent() {
        for (text, millis) in [
            ("0", 0),
            ("1700000000", 1_700_000_000_000),
            ("1700000000.0", 1_700_000_000_000),
            ("1700000000.25", 1_700_000_000_250),
            ("1.7e9", 1_700_000_000_000),
            ("17E+8", 1_700_000_000_000),
            ("0.9999", 999),
            ("253402300799", 253_402_300_799_000),
        ] {
            let date: NumericDate = serde_json::from_str(text).unwrap();
            assert_eq!(date.timestamp(), Timestamp::from_millis(millis), "{text}");
        }
    }

    #[test]
    fn a_number_out_of_range_is_no_numeric_date() {
        for text in [
            "-1",
            "-0.5",
            "1e300",
            "1e999",
            "253402300800",
            "18446744073709551615",
            "18446744073709551616",
            "NaN",
            "\"1700000000\"",
            "true",
            "null",
            "[1700000000]",
            "{}",
        ] {
            assert!(serde_json::from_str::<NumericDate>(text).is_err(), "{text}");
        }
    }
}
