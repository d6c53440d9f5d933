//! How often one refresh token may be exchanged from one address ([Auth0's rate limits]). Each family has a bucket for
//! each address. It is stored with the write that a refresh makes anyway, so that all environments share it; answers
//! that write nothing are counted in this environment's memory.
//!
//! Two writes at the same moment that keep the generation (of a token that does not rotate) may count
//! as one. That is the price of having no call of its own.
//!
//! [Auth0's rate limits]: https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy

use shared::{
    app::{App, Limited, Moment},
    domain::{
        client::Client,
        denial::Denial,
        family::Family,
        throttle::{Bucket, Quota, RateLimit},
    },
};

/// One request's place in a bucket: taken once, however often the request is decided.
pub(super) struct RateLimitTicket {
    limit: RateLimit,
    taken: Option<(Bucket, Quota)>,
}

impl RateLimitTicket {
    /// A ticket that is not taken yet: a request that is refused anyway takes none.
    pub(super) async fn of(app: &App, client: &Client) -> Result<Self, Denial> {
        let limit = match client.refresh_token.rate_limit {
            Some(limit) => limit,
            None => app.settings().await?.refresh_token_rate_limit,
        };
        Ok(Self { limit, taken: None })
    }

    /// Takes it, or refuses: the family stays as it is, and its token works later.
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

    /// Records the ticket on a family that is about to be written.
    pub(super) fn record_on(&self, next: &mut Family, at: Moment) {
        if let Some((left, _)) = self.taken {
            next.record_bucket(at.origin, left, at.now);
        }
    }
}
