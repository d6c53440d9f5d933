//! Logins with a password: the state that decides about them, the counters of failures, and the single use of login
//! tickets and of redirects to `/continue`.
//!
//! A counter is a separate, small item that exists only while there are failures: unknown names have counters too, and
//! attackers make many. All names of a user share its counters.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use futures_util::future::try_join;
use ratchet_domain::{
    brute_force::{Counter, Failures, Guessed},
    continuation::Continuation,
    ids::ConnectionName,
    login_ticket::LoginTicket,
    throttle::{Bucket, Origin},
    time::Timestamp,
    user::LoginName,
};
use ratchet_telemetry::cost;

use super::{
    Store,
    calls::{send_delete, sent_update, units},
    error::{CommitError, StoreError},
    item::{from_item, millis, seconds},
    keys::{FAILURES, Key, PK, SK, TTL, failures_partition},
    users::{LoginItem, LoginRecord},
};

/// The state that decides about a login.
#[derive(Debug)]
pub struct LoginAttempt {
    /// The user with this name, if there is one.
    pub record: Option<LoginRecord>,
    /// The user or the name whose failures are counted.
    pub guessed: Guessed,
    /// The failures so far.
    pub failures: Failures,
    /// The bucket of failures of the address.
    pub address: Bucket,
}

/// Maximum number of attempts of a count that alternates with those of other requests.
const ATTEMPTS: usize = 4;

impl Store {
    /// The user with a name, the failures counted against the name or its user, and those of the address. An unknown
    /// name takes the same number of round trips.
    pub async fn load_login_attempt(
        &self,
        connection: &ConnectionName,
        name: &LoginName,
        counter: Option<&Counter>,
        origin: Option<Origin>,
    ) -> Result<LoginAttempt, StoreError> {
        // Boxed: together they are large, and every layer above would move them.
        let login = Box::pin(self.load_login_item(connection, name));
        let address = Box::pin(self.load_bucket(origin));
        let (login, address) = try_join(login, address).await?;
        let guessed = match &login {
            Some(login) => Guessed::User(login.user_id.clone()),
            None => Guessed::Name(connection.clone(), name.clone()),
        };
        let user = async {
            match &login {
                Some(login) => self.load_user(&login.user_id).await,
                None => Ok(None),
            }
        };
        let failures = Box::pin(self.load_counted(&guessed, counter));
        let (record, failures) = try_join(Box::pin(user), failures).await?;
        Ok(LoginAttempt {
            record,
            guessed,
            failures,
            address,
        })
    }

    /// The failures of a counter and of an address, if they are counted.
    pub async fn load_counts(
        &self,
        guessed: &Guessed,
        counter: Option<&Counter>,
        origin: Option<Origin>,
    ) -> Result<(Failures, Bucket), StoreError> {
        let failures = Box::pin(self.load_counted(guessed, counter));
        try_join(failures, Box::pin(self.load_bucket(origin))).await
    }

    async fn load_counted(
        &self,
        guessed: &Guessed,
        counter: Option<&Counter>,
    ) -> Result<Failures, StoreError> {
        match counter {
            Some(counter) => self.load_failures(guessed, counter).await,
            None => Ok(Failures::default()),
        }
    }

    /// The bucket of failures of an address; a full one if they are not counted.
    pub async fn load_bucket(&self, origin: Option<Origin>) -> Result<Bucket, StoreError> {
        match origin {
            Some(origin) => self.load_address(origin).await,
            None => Ok(Bucket::default()),
        }
    }

    /// The user with a name: composed, or as typed for a user stored before names were composed.
    pub(super) async fn load_login_item(
        &self,
        connection: &ConnectionName,
        name: &LoginName,
    ) -> Result<Option<LoginItem>, StoreError> {
        let composed_key = Key::login(connection, name.as_str());
        let composed = self.load::<LoginItem>(&composed_key);
        let Some(typed) = name.uncomposed() else {
            return composed.await;
        };
        let typed_key = Key::login(connection, typed);
        let typed = self.load::<LoginItem>(&typed_key);
        let (typed, composed) = try_join(typed, composed).await?;
        Ok(typed.or(composed))
    }

    /// The failures of a counter.
    pub async fn load_failures(
        &self,
        guessed: &Guessed,
        counter: &Counter,
    ) -> Result<Failures, StoreError> {
        let key = Key::failures(guessed, counter);
        Ok(self.load(&key).await?.unwrap_or_default())
    }

    /// Counts a failure, and returns the count including it. Forgotten failures do not count.
    pub async fn add_failure(
        &self,
        guessed: &Guessed,
        counter: &Counter,
        now: Timestamp,
    ) -> Result<Failures, StoreError> {
        let key = Key::failures(guessed, counter);
        for _ in 0..ATTEMPTS {
            for (expression, condition) in [
                (
                    "SET last_failed_at = :now, #ttl = :ttl ADD failures :one",
                    "attribute_not_exists(PK) OR last_failed_at > :forgotten",
                ),
                (
                    "SET last_failed_at = :now, #ttl = :ttl, failures = :one",
                    "last_failed_at <= :forgotten",
                ),
            ] {
                match self.count(&key, expression, condition, now).await {
                    Err(CommitError::Conflict) => {}
                    Err(CommitError::Store(error)) => return Err(error),
                    Ok(failures) => return Ok(failures),
                }
            }
        }
        Err(StoreError::Unavailable("a count kept changing".to_owned()))
    }

    async fn count(
        &self,
        key: &Key,
        expression: &str,
        condition: &str,
        now: Timestamp,
    ) -> Result<Failures, CommitError> {
        let memory = Failures::MEMORY.as_secs().saturating_mul(1_000);
        let forgotten = Timestamp::from_millis(now.as_millis().saturating_sub(memory));
        let update = self
            .update(key)
            .update_expression(expression)
            .condition_expression(condition)
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":ttl", seconds(now.plus(Failures::MEMORY)))
            .expression_attribute_values(":forgotten", millis(forgotten))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values(ReturnValue::AllNew);
        let counted = sent_update(update).await?;
        Ok(from_item(key, counted.attributes.unwrap_or_default())?)
    }

    /// Deletes the failures of a counter, if there have been none since they were read: those belong to another login.
    pub async fn reset_failures(
        &self,
        guessed: &Guessed,
        counter: &Counter,
        seen: Failures,
    ) -> Result<(), StoreError> {
        let key = Key::failures(guessed, counter);
        let delete = self
            .delete(&key)
            .condition_expression("failures = :seen")
            .expression_attribute_values(":seen", AttributeValue::N(seen.failures.to_string()));
        CommitError::written(send_delete(delete).await).map(drop)
    }

    /// Deletes all failures as a user or with a name, from all addresses, and returns the number of counters.
    pub async fn clear_failures(&self, guessed: &Guessed) -> Result<usize, StoreError> {
        let read = self
            .query_below(failures_partition(guessed), FAILURES)
            .projection_expression("PK, SK");
        let (mut start, mut cleared) = (None, 0);
        loop {
            let read = read.clone().set_exclusive_start_key(start);
            let output = read.send().await?;
            cost::read(units(output.consumed_capacity()));
            for item in output.items() {
                let part = |name: &str| item.get(name)?.as_s().ok().cloned();
                if let (Some(pk), Some(sk)) = (part(PK), part(SK)) {
                    self.delete_item(&Key { pk, sk }).await?;
                    cleared += 1;
                }
            }
            start = output.last_evaluated_key;
            if start.is_none() {
                return Ok(cleared);
            }
        }
    }

    /// Stores that a login ticket was used; a conflict means that it was used before.
    pub async fn put_used_ticket(&self, ticket: &LoginTicket) -> Result<(), CommitError> {
        let mut item = Key::used_ticket(ticket).to_item();
        item.insert(TTL.to_owned(), seconds(ticket.expires_at));
        self.create_item(item).await
    }

    /// Stores that a browser returned to `/continue`; a conflict means that it returned before.
    pub async fn put_used_continuation(
        &self,
        continuation: &Continuation,
    ) -> Result<(), CommitError> {
        let mut item = Key::used_continuation(continuation).to_item();
        item.insert(TTL.to_owned(), seconds(continuation.expires_at()));
        self.create_item(item).await
    }
}
