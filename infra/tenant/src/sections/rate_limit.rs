//! `refresh_token.rate_limit` of a client, `refresh_token_rate_limit` and the other limits of the tenant. These keys
//! are our own, because Auth0's limits cannot be changed.

use ratchet_domain::throttle::RateLimit;
use serde::Deserialize;

use crate::{
    sections::fields::Whole,
    yaml::path::{Checked, Fault, Path},
};

const MAX: u64 = 1_000_000;

/// `{burst: 100, per_second: 10}`, or `per_minute`.
#[derive(Debug, Deserialize)]
pub(crate) struct RawRateLimit {
    burst: Whole,
    per_second: Option<Whole>,
    per_minute: Option<Whole>,
}

impl RawRateLimit {
    pub(crate) fn check(&self, at: &Path) -> Checked<RateLimit> {
        let burst = self.burst.count(&at.key("burst"), 1, MAX)?;
        match (self.per_second, self.per_minute) {
            (Some(refill), None) => {
                let refill = refill.count(&at.key("per_second"), 1, 1_000)?;
                Ok(RateLimit::per_second(burst, refill))
            }
            (None, Some(refill)) => {
                let refill = refill.count(&at.key("per_minute"), 1, 60_000)?;
                Ok(RateLimit::per_minute(burst, refill))
            }
            _ => Err(Fault::new(
                at.clone(),
                "must have `burst`, and either `per_second` or `per_minute`",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use ratchet_domain::throttle::RateLimit;

    use crate::testing::{error, tenant};

    fn limit(text: &str) -> RateLimit {
        let file = format!("tenant: {{refresh_token_rate_limit: {text}}}");
        tenant(&file).settings.unwrap().refresh_token_rate_limit
    }

    #[test]
    fn a_limit_has_a_burst_and_a_rate() {
        assert_eq!(
            tenant("tenant: {}")
                .settings
                .unwrap()
                .refresh_token_rate_limit,
            RateLimit::REFRESH
        );
        assert_eq!(
            limit("{burst: 5, per_second: '2'}"),
            RateLimit::per_second(5, 2)
        );
        assert_eq!(
            limit("{burst: 5, per_minute: 2}"),
            RateLimit::per_minute(5, 2)
        );
    }

    #[test]
    fn a_client_has_its_own() {
        let file = "clients:\n- name: A\n  client_id: a\n  app_type: native\n  refresh_token:\n    \
                    rotation_type: non-rotating\n    expiration_type: non-expiring\n    \
                    rate_limit: {burst: 3, per_minute: 1}\n";
        let policy = tenant(file).clients[0].client.refresh_token;
        assert_eq!(policy.rate_limit, Some(RateLimit::per_minute(3, 1)));
    }

    #[test]
    fn half_a_limit_is_refused() {
        for (text, message) in [
            (
                "{burst: 1}",
                "must have `burst`, and either `per_second` or `per_minute`",
            ),
            (
                "{burst: 1, per_second: 1, per_minute: 1}",
                "must have `burst`, and either `per_second` or `per_minute`",
            ),
            ("{burst: 0, per_second: 1}", "must be between 1 and 1000000"),
            ("{burst: 1, per_second: 1001}", "must be between 1 and 1000"),
        ] {
            let said = error(&format!("tenant:\n  refresh_token_rate_limit: {text}"));
            assert!(said.contains(message), "{said}");
        }
    }
}
