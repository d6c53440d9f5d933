//! The rate limit for exchanges of one refresh token from one address ([Auth0's rate limits]). Each family has a
//! bucket per address. It is stored with the write that a refresh makes anyway, so that all environments share it;
//! answers that write nothing are counted in this environment's memory.
//!
//! Two simultaneous writes that keep the generation (of a token that does not rotate) may count as one. This is the
//! price of a limit that makes no calls of its own.
//!
//! [Auth0's rate limits]: https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy

use ratchet_core::{App, Limited, Moment};
use ratchet_domain::{
    client::Client,
    denial::Denial,
    error::Error,
    family::Family,
    throttle::{Bucket, Quota, RateLimit},
};

/// One request's entry in a bucket: taken once, even if the request is decided several times.
pub(super) struct RateLimitTicket {
    limit: RateLimit,
    taken: Option<(Bucket, Quota)>,
}

impl RateLimitTicket {
    /// A ticket that is not taken yet. A request that is rejected for another reason never takes it.
    pub(super) async fn of(app: &App, client: &Client) -> Result<Self, Error> {
        let limit = match client.refresh_token.rate_limit {
            Some(limit) => limit,
            None => app.settings().await?.refresh_token_rate_limit,
        };
        Ok(Self { limit, taken: None })
    }

    /// Takes the ticket. Beyond the limit the request is rejected and the family does not change, so its token works
    /// later.
    pub(super) fn take(&mut self, app: &App, family: &Family, at: Moment) -> Result<Quota, Denial> {
        if let Some((_, quota)) = self.taken {
            return Ok(quota);
        }
        let limited = Limited {
            what: "refresh",
            by: format!("{} {}", family.id, at.origin),
        };
        let stored = family.buckets.of(at.origin);
        let taken = app.throttle_shared(limited, stored, self.limit, at.now)?;
        self.taken = Some(taken);
        Ok(taken.1)
    }

    /// Records the ticket in a family that is about to be written.
    pub(super) fn record_on(&self, next: &mut Family, at: Moment) {
        if let Some((left, _)) = self.taken {
            next.record_bucket(at.origin, left, at.now);
        }
    }
}
