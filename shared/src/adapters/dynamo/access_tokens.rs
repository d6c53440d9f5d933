//! What an access token that is presented at `/userinfo` rests on.

use super::{
    Store, error::StoreError, family_item, keys::Key, sessions::is_ended, users::login_record,
};
use crate::domain::{
    family::Family,
    ids::{AccessTokenDigest, FamilyId, SessionId, UserId},
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
}

impl Store {
    /// All that an access token rests on, in one round trip.
    pub async fn load_access_state(
        &self,
        user: &UserId,
        token: &AccessTokenDigest,
        session: Option<SessionId>,
        family: Option<FamilyId>,
    ) -> Result<AccessState, StoreError> {
        let profile = Key::profile(user);
        let revoked = Key::revoked(user, token);
        let session = session.map(|id| Key::session(user, id));
        let family = family.map(|id| Key::family(user, id));
        let keys: Vec<&Key> = [
            Some(&profile),
            Some(&revoked),
            session.as_ref(),
            family.as_ref(),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut state = AccessState {
            user: None,
            revoked: false,
            session_ended: false,
            family: None,
        };
        for item in self.load_items(&keys).await? {
            if profile.is_of(&item) {
                state.user = Some(login_record(&profile, item)?.user);
            } else if revoked.is_of(&item) {
                state.revoked = true;
            } else if session.as_ref().is_some_and(|key| key.is_of(&item)) {
                state.session_ended = is_ended(&item);
            } else {
                state.family = Some(family_item::from_item(&item)?);
            }
        }
        if let Some(user) = &state.user {
            state.family = state.family.map(|family| family.under(&user.valid_from));
        }
        Ok(state)
    }
}
