//! New families: the steps that all grants that issue a refresh token share.

use ratchet_domain::{
    client::Client,
    error::Error,
    family::{EndReason, Ended, Exchange, Family, Login},
    family_limit::{FamilyCount, Recounted, Room, recount},
    ids::FamilyId,
    sealed::{Purpose, RefreshToken},
};
use ratchet_keys::sealing::{Keyring, SealingError};
use ratchet_store::CommitError;
use ratchet_system::random;

use super::{App, Moment};

/// A family that is not stored yet, with the text of its first refresh token.
#[derive(Debug)]
pub struct NewFamily {
    /// The family at generation 0.
    pub family: Family,
    /// Its first refresh token, which is invalid until the family is stored.
    pub refresh_token: String,
}

impl App {
    /// The family that a login begins. Nothing is stored yet: the tokens are signed first.
    pub async fn new_family(
        &self,
        login: Login,
        client: &Client,
        at: Moment,
    ) -> Result<NewFamily, Error> {
        let (keyring, active_key) = self.active_key().await;
        let exchange = Exchange {
            request: at.request,
            active_key,
            from: None,
            now: at.now,
        };
        let id = FamilyId::new(at.now, random());
        let family = Family::begin(id, login, &client.refresh_token, exchange);
        let refresh_token = seal_refresh_token(&keyring, &family)?;
        Ok(NewFamily {
            family,
            refresh_token,
        })
    }

    /// Counts a new family, and ends the oldest families of its user and client if they exceed the limit. A login
    /// within the limit reads none of them.
    ///
    /// The count follows the commit, so that it includes only families that exist. The login has succeeded by then: a
    /// failure is logged, and the next recount of the families corrects it.
    pub async fn keep_to_limit(&self, begun: &Family, at: Moment) {
        let ended = Ended {
            at: at.now,
            reason: EndReason::LimitExceeded,
        };
        if let Err(error) = self.count(begun, &ended).await {
            tracing::warn!(
                user_id = %begun.user_id,
                client_id = %begun.client_id,
                family_id = %begun.id,
                reason = %error,
                "a family that has begun is not counted, or those over the limit have not ended"
            );
        }
    }

    async fn count(&self, begun: &Family, ended: &Ended) -> Result<(), CommitError> {
        let count = self.store.count_family(begun, ended.at).await?;
        match count.room(ended.at) {
            Room::Enough => Ok(()),
            Room::EndOldest { over } => {
                Ok(self.store.end_oldest_family(begun, over, ended).await?)
            }
            Room::Recount => self.count_one_by_one(begun, count, ended).await,
        }
    }

    async fn count_one_by_one(
        &self,
        begun: &Family,
        seen: FamilyCount,
        ended: &Ended,
    ) -> Result<(), CommitError> {
        let families = self.store.load_counted_families(begun).await?;
        let recounted = recount(families, ended.at);
        let Recounted {
            live, over, gone, ..
        } = &recounted;
        let ending: Vec<Family> = live.iter().take(*over).chain(gone).cloned().collect();
        self.store.remove_families(&ending, ended).await?;
        let committed = self
            .store
            .commit_family_count(begun, seen, &recounted)
            .await;
        // A count that has changed meanwhile stays too large, and the next login over the limit recounts.
        CommitError::written(committed)?;
        Ok(())
    }

    /// Stores a family for grants that use nothing else up. `false` if the session of its login has ended meanwhile.
    pub async fn put_family(&self, new: &Family, at: Moment) -> Result<bool, Error> {
        let has_begun = CommitError::written(self.store.put_family(new).await)?;
        if has_begun {
            self.keep_to_limit(new, at).await;
        }
        Ok(has_begun)
    }
}

/// The text of a family's live token. It depends on the family alone, so all responses for one generation contain the
/// same text. The nonce is the first 12 bytes of the family's id: a time and 42 random bits. Two families of one
/// millisecond might share it. AES-GCM-SIV (RFC 8452 section 1) then reveals only whether two texts are equal, and no
/// two families have the same id.
pub fn seal_refresh_token(keyring: &Keyring, family: &Family) -> Result<String, SealingError> {
    let token = RefreshToken {
        user_id: family.user_id.clone(),
        family_id: family.id,
        generation: family.generation,
    };
    let mut nonce = [0; 12];
    nonce.copy_from_slice(&family.id.as_bytes()[..12]);
    keyring.seal(
        family.key_id,
        Purpose::RefreshToken,
        family.client_id.as_str(),
        nonce,
        &token.to_bytes(),
    )
}
