//! New families: what every grant that issues a refresh token has in common.

use super::{App, Moment};
use crate::{
    adapters::dynamo::CommitError,
    domain::{
        client::Client,
        denial::Denial,
        family::{EndReason, Ended, Exchange, Family, Login, MAX_LIVE_PER_USER_AND_CLIENT},
        ids::FamilyId,
        sealed::{Purpose, RefreshToken},
    },
    sealing::Keyring,
    system::random,
    telemetry::event,
};

/// A family that is not written down yet, with the text of its first refresh token.
#[derive(Debug)]
pub struct NewFamily {
    /// The family.
    pub family: Family,
    /// Its first refresh token. It is worth nothing until the family is written down.
    pub refresh_token: String,
}

impl App {
    /// The family that a login begins. Nothing is written: signing comes first.
    pub async fn new_family(
        &self,
        login: Login,
        client: &Client,
        at: Moment,
    ) -> Result<NewFamily, Denial> {
        let (keyring, active_key) = self.active_key().await;
        let exchange = Exchange {
            request: at.request,
            active_key,
            from: None,
            now: at.now,
        };
        let id = FamilyId::from_bytes(random());
        let family = Family::begin(id, login, &client.refresh_token, exchange);
        let refresh_token = seal_refresh_token(&keyring, &family)?;
        Ok(NewFamily {
            family,
            refresh_token,
        })
    }

    /// Ends the oldest live families of this user and client, so that with the new one there are no
    /// more than allowed.
    pub async fn make_room(&self, new: &Family, at: Moment) -> Result<(), Denial> {
        let mut live: Vec<Family> = self
            .store
            .load_families(&new.user_id)
            .await?
            .into_iter()
            .filter(|family| family.client_id == new.client_id && family.is_live(at.now))
            .collect();
        live.sort_by_key(|family| std::cmp::Reverse(family.created_at));
        let ended = Ended {
            at: at.now,
            reason: EndReason::LimitExceeded,
        };
        for family in live.iter().skip(MAX_LIVE_PER_USER_AND_CLIENT - 1) {
            self.store
                .end_family(&family.user_id, family.id, &ended)
                .await?;
            tracing::info!(
                r#type = event::CLEANED_UP,
                user_id = %family.user_id,
                client_id = %family.client_id,
                family_id = %family.id,
            );
        }
        Ok(())
    }

    /// Makes room for a family and writes it down, for grants that use nothing else up. `false` says that the session
    /// of its login has ended meanwhile.
    pub async fn put_family(&self, new: &Family, at: Moment) -> Result<bool, Denial> {
        self.make_room(new, at).await?;
        match self.store.put_family(new).await {
            Ok(()) => Ok(true),
            Err(CommitError::Conflict) => Ok(false),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}

/// The text of a family's live token. It depends on nothing but the family, so every answer for one
/// generation carries the same.
pub fn seal_refresh_token(keyring: &Keyring, family: &Family) -> Result<String, Denial> {
    let token = RefreshToken {
        user_id: family.user_id.clone(),
        family_id: family.id,
        generation: family.generation,
    };
    let mut nonce = [0; 12];
    nonce.copy_from_slice(&family.id.as_bytes()[..12]);
    Ok(keyring.seal(
        family.key_id,
        Purpose::RefreshToken,
        family.client_id.as_str(),
        nonce,
        &token.to_bytes(),
    )?)
}
