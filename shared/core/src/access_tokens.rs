//! Access tokens that `/userinfo` rejects before they expire: those issued for a code that was presented twice
//! (RFC 6749 section 4.1.2), those issued before an eviction of their user, and opaque ones whose family, session or
//! consent has ended. An API that verifies a JWT by itself does not learn of this.

use ratchet_domain::{
    code::IssuedAccessToken, consent::Basis, denial::Denial, error::Error, family_key::FamilyKey,
    grant::GrantKey, time::Timestamp, user::User,
};
use ratchet_store::{AccessKeys, AccessState};

use super::{AccessToken, App, ends_with::EndsWith, token_hash::digest_of, verification::Begun};

/// The stored record of the access token that a code was exchanged for.
pub fn issued_access_token(token: &str, expires_at: Timestamp) -> IssuedAccessToken {
    IssuedAccessToken {
        digest: digest_of(token),
        expires_at,
    }
}

const REVOKED: Denial = Denial::AccessToken("The token was revoked");

impl App {
    /// The user of a verified access token, unless the token has ended. One round trip reads all that decides this.
    pub async fn load_user_of(&self, token: &AccessToken) -> Result<User, Error> {
        let (ends_with, client) = match &token.begun {
            Begun::In {
                ends_with,
                client_id,
                ..
            } => (*ends_with, Some(client_id)),
            Begun::At(_) => (EndsWith::default(), None),
        };
        let family = client
            .zip(ends_with.family)
            .map(|(client_id, id)| FamilyKey::named(token.user_id.clone(), client_id.clone(), id));
        let client = client.filter(|_| ends_with.consent.is_some());
        let grant = client.map(|client_id| GrantKey {
            user_id: token.user_id.clone(),
            client_id: client_id.clone(),
            // An opaque token is for `/userinfo` only.
            audience: None,
        });
        let state = self
            .store
            .load_access_state(&AccessKeys {
                user: &token.user_id,
                token: &token.digest,
                session: ends_with.session,
                family: family.as_ref(),
                grant: grant.as_ref(),
            })
            .await?;
        Ok(user_of(token, state)?)
    }
}

fn user_of(token: &AccessToken, state: AccessState) -> Result<User, Denial> {
    let user = state
        .user
        .ok_or(Denial::AccessToken("The user does not exist"))?;
    user.active()
        .map_err(|_| Denial::AccessToken("The user is blocked"))?;
    let over = match &token.begun {
        Begun::At(issued_at) => user.valid_from.sessions.is_after(*issued_at),
        Begun::In {
            epochs, ends_with, ..
        } => {
            let family = state.family.filter(|family| family.ended.is_none());
            let consent = ends_with.consent.map_or(Basis::Unasked, Basis::Consent);
            !user.valid_from.honours(*epochs)
                || state.session_ended
                || !consent.holds(state.consent.as_ref())
                || (ends_with.family.is_some() && family.is_none())
        }
    };
    if over || state.revoked {
        return Err(REVOKED);
    }
    Ok(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_signature_of_the_same_content_is_the_same_token() {
        assert_eq!(
            digest_of("header.claims.one"),
            digest_of("header.claims.two")
        );
        assert_ne!(
            digest_of("header.claims.one"),
            digest_of("header.other.one")
        );
        assert_ne!(digest_of("at1_a"), digest_of("at1_b"));
    }
}
