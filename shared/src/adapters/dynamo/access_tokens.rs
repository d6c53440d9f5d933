//! What an access token that is presented at `/userinfo` rests on.

use super::{
    Store,
    error::StoreError,
    family_item,
    grants::{grant_of, key_of},
    keys::Key,
    sessions::is_ended,
    users::login_record,
};
use crate::domain::{
    authorization::Grant,
    family::Family,
    family_key::FamilyKey,
    grant::GrantKey,
    ids::{AccessTokenDigest, SessionId, UserId},
    user::User,
};

/// What the store knows about an access token.
#[derive(Debug)]
pub struct AccessState {
    /// Its user, if there still is one.
    pub user: Option<User>,
    /// Whether it was revoked by itself.
    pub revoked: bool,
    /// Whether the session of its login has ended. One that has expired has not.
    pub session_ended: bool,
    /// The family whose refresh tokens it came with, as its user makes it.
    pub family: Option<Family>,
    /// The consent that there is now where it rests on one.
    pub consent: Option<Grant>,
}

/// Where that lies.
#[derive(Debug, Clone, Copy)]
pub struct AccessKeys<'a> {
    /// The user.
    pub user: &'a UserId,
    /// The token.
    pub token: &'a AccessTokenDigest,
    /// The session of its login, if it ends with that.
    pub session: Option<SessionId>,
    /// The family, if it ends with that.
    pub family: Option<&'a FamilyKey>,
    /// The grant, if it ends with a consent.
    pub grant: Option<&'a GrantKey>,
}

impl Store {
    /// All that an access token rests on, in one round trip; in a second one a family that is not where its id says.
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
