//! New families: what every grant that issues a refresh token has in common.

use super::{App, Moment};
use crate::{
    adapters::dynamo::CommitError,
    domain::{
        client::Client,
        denial::Denial,
        family::{EndReason, Ended, Exchange, Family, Login},
        family_limit::{FamilyCount, Recounted, Room, recount},
        ids::FamilyId,
        sealed::{Purpose, RefreshToken},
    },
    sealing::Keyring,
    system::random,
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
        let id = FamilyId::new(at.now, random());
        let family = Family::begin(id, login, &client.refresh_token, exchange);
        let refresh_token = seal_refresh_token(&keyring, &family)?;
        Ok(NewFamily {
            family,
            refresh_token,
        })
    }

    /// Counts a family that is about to begin, and ends the oldest ones of its user and client if there are now more
    /// than allowed. A login within the limit looks at none of them.
    pub async fn make_room(&self, new: &Family, at: Moment) -> Result<(), Denial> {
        let ended = Ended {
            at: at.now,
            reason: EndReason::LimitExceeded,
        };
        let count = self.store.count_family(new, at.now).await?;
        match count.room(at.now) {
            Room::Enough => Ok(()),
            Room::EndOldest { over } => Ok(self.store.end_oldest_family(new, over, &ended).await?),
            Room::Recount => self.count_anew(new, count, &ended).await,
        }
    }

    async fn count_anew(
        &self,
        new: &Family,
        seen: FamilyCount,
        ended: &Ended,
    ) -> Result<(), Denial> {
        let families = self.store.load_counted_families(new).await?;
        let Recounted {
            live,
            over,
            gone,
            count,
        } = recount(families, new, seen, ended.at);
        let removed = self.store.end_first_families(&live, over, ended).await?;
        self.store.remove_families(&gone, ended).await?;
        match self.store.commit_family_count(new, seen, count).await {
            Ok(()) => {}
            // Another login has been counted meanwhile; the next one counts anew.
            Err(CommitError::Conflict) => self.store.uncount_families(new, removed).await,
            Err(CommitError::Store(error)) => return Err(error.into()),
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
/// generation carries the same. The nonce is the first 12 bytes of the family's id: a time and 42 random bits, so two
/// families of one millisecond might share it. AES-GCM-SIV (RFC 8452 section 1) then still tells nothing but whether
/// two texts are equal, and no two families have an equal id.
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
