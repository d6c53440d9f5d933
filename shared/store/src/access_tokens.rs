//! The stored state on which an access token that a client presents at `/userinfo` depends.

use ratchet_domain::{
    authorization::Grant,
    family::Family,
    family_key::FamilyKey,
    grant::GrantKey,
    ids::{AccessTokenDigest, SessionId, UserId},
    user::User,
};

use super::{
    Store,
    error::StoreError,
    family_item,
    grants::{grant_of, key_of},
    keys::Key,
    sessions::is_ended,
    users::login_record,
};

/// The stored state of an access token.
#[derive(Debug)]
pub struct AccessState {
    /// Its user, if the user still exists.
    pub user: Option<User>,
    /// True if this token was revoked.
    pub revoked: bool,
    /// True if the session of its login has ended. A session that has only expired has not ended.
    pub session_ended: bool,
    /// The family of the refresh token that was issued with it, in the epochs of its user.
    pub family: Option<Family>,
    /// The current consent, if the token rests on one.
    pub consent: Option<Grant>,
}

/// The keys of that state.
#[derive(Debug, Clone, Copy)]
pub struct AccessKeys<'a> {
    /// The user that the token is for.
    pub user: &'a UserId,
    /// Digest under which a revocation of the token is stored.
    pub token: &'a AccessTokenDigest,
    /// The session of its login, if the token ends with it.
    pub session: Option<SessionId>,
    /// The family, if the token ends with it.
    pub family: Option<&'a FamilyKey>,
    /// The grant, if the token ends with a consent.
    pub grant: Option<&'a GrantKey>,
}

impl Store {
    /// The state of an access token, in one round trip; a second one looks for a family of an earlier version.
    pub async fn load_access_state(
        &self,
        keys: &AccessKeys<'_>,
    ) -> Result<AccessState, StoreError> {
        let AccessKeys {
            user,
            token,
            session,
            family,
            grant,
        } = *keys;
        let profile = Key::profile(user);
        let revoked = Key::revoked(user, token);
        let session = session.map(|id| Key::session(user, id));
        let family_key = family.map(Key::family);
        let consent = grant.map(key_of);
        let keys: Vec<&Key> = [
            Some(&profile),
            Some(&revoked),
            session.as_ref(),
            family_key.as_ref(),
            consent.as_ref(),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut state = AccessState {
            user: None,
            revoked: false,
            session_ended: false,
            family: None,
            consent: None,
        };
        for item in self.load_items(&keys).await? {
            if profile.is_of(&item) {
                state.user = Some(login_record(&profile, item)?.user);
            } else if revoked.is_of(&item) {
                state.revoked = true;
            } else if session.as_ref().is_some_and(|key| key.is_of(&item)) {
                state.session_ended = is_ended(&item);
            } else if let Some(key) = consent.as_ref().filter(|key| key.is_of(&item)) {
                state.consent = Some(grant_of(key, item)?);
            } else {
                state.family = Some(family_item::from_item(&item)?);
            }
        }
        if state.family.is_none()
            && let Some(family) = family
        {
            state.family = self.load_earlier_family(family).await?;
        }
        if let Some(user) = &state.user {
            state.family = state.family.map(|family| family.under(&user.valid_from));
        }
        Ok(state)
    }
}
