//! The ids by which the Management API and tokens name a user's sessions and refresh tokens. They are sealed, so that
//! they need no index and reveal nothing about the user.
//!
//! The id of a session is the `sid` claim, as [at Auth0]: an application may use the `sid` of an ID token or a logout
//! token. All ids are sealed with the oldest key, so that they stay the same when the active key changes. The nonce is
//! the first bytes of the named id, so that each id has one text.
//!
//! [at Auth0]: https://auth0.com/docs/manage-users/sessions/manage-user-sessions-with-auth0-management-api

use ratchet_domain::{
    error::{Error, Failure},
    family_key::FamilyKey,
    ids::{SessionId, UserId},
    sealed::{Owned, Purpose},
    sid::Sid,
};

use super::App;

impl App {
    /// The id of a session: its `sid`.
    pub async fn sid(&self, user: &UserId, session: SessionId) -> Result<Sid, Error> {
        let owned = Owned {
            user_id: user.clone(),
            id: *session.as_bytes(),
        };
        let sealed = self
            .seal_id(Purpose::SessionId, owned.id, &owned.to_bytes())
            .await?;
        Ok(Sid::parse(sealed).map_err(Failure::internal)?)
    }

    /// The session of a `sid`; `None` for a text that we did not seal.
    pub async fn open_sid(&self, sid: &str) -> Option<(UserId, SessionId)> {
        let opened = self.keyring().await.open(Purpose::SessionId, "", sid)?;
        let Owned { user_id, id } = Owned::from_bytes(&opened.plaintext)?;
        Some((user_id, SessionId::from_bytes(id)))
    }

    /// The session that a code or a device approval names.
    pub async fn session_of(&self, sid: &Sid) -> Option<SessionId> {
        match sid.bare() {
            Some(id) => Some(id),
            None => self.open_sid(sid.as_str()).await.map(|(_, id)| id),
        }
    }

    /// The id of a refresh token, the same for all tokens of its family.
    pub async fn refresh_token_id(&self, family: &FamilyKey) -> Result<String, Error> {
        let id = *family.id.as_bytes();
        self.seal_id(Purpose::RefreshTokenId, id, &family.to_bytes())
            .await
    }

    /// The family of a refresh token's id; `None` for a text that we did not seal.
    pub async fn open_refresh_token_id(&self, id: &str) -> Option<FamilyKey> {
        let opened = self.keyring().await.open(Purpose::RefreshTokenId, "", id)?;
        FamilyKey::from_bytes(&opened.plaintext)
    }

    async fn seal_id(
        &self,
        purpose: Purpose,
        id: [u8; 16],
        payload: &[u8],
    ) -> Result<String, Error> {
        let keyring = self.keyring().await;
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&id[..12]);
        Ok(keyring.seal(keyring.oldest(), purpose, "", nonce, payload)?)
    }
}
