//! The operations on refresh token families that the token endpoint and `/delegation` share: open a token, load its
//! family, commit an exchange, end a family whose token was reused.

use ratchet_core::{App, Moment};
use ratchet_domain::{
    client::Client,
    denial::Denial,
    error::{Error, Failure},
    family::{EndReason, Ended, Family, Refusal},
    family_key::FamilyKey,
    grant::GrantKey,
    sealed::{Purpose, RefreshToken},
    user::User,
};
use ratchet_keys::sealing::Keyring;
use ratchet_store::CommitError;
use ratchet_telemetry::event;

/// The reason why one attempt did not succeed.
pub(crate) enum AttemptError {
    /// The family changed since it was read: the request is decided again.
    Conflict,
    /// The request is not decided again.
    Final(Error),
}

impl<E: Into<Error>> From<E> for AttemptError {
    fn from(error: E) -> Self {
        Self::Final(error.into())
    }
}

/// The error for a client whose attempts all lost a race.
pub(crate) fn kept_changing() -> Error {
    Failure::unavailable("the family kept changing").into()
}

/// Opens a refresh token. A token that we did not seal for this client is rejected before anything is read for it.
pub(crate) fn open(keyring: &Keyring, client: &Client, text: &str) -> Result<RefreshToken, Denial> {
    keyring
        .open(Purpose::RefreshToken, client.client_id.as_str(), text)
        .and_then(|opened| RefreshToken::from_bytes(&opened.plaintext))
        .ok_or(Denial::RefreshToken("not sealed by us for this client"))
}

/// Loads the family of a token and its user, in one round trip.
pub(crate) async fn load(
    app: &App,
    client: &Client,
    token: &RefreshToken,
) -> Result<(Family, User), Error> {
    let family = token.family_of(&client.client_id);
    let state = app.store.load_refresh_state(&family).await?;
    // The same error if the family was deleted along with its user.
    let user = state.user.ok_or(Denial::UserGone)?;
    let family = state.family.ok_or(Denial::RefreshToken("unknown family"))?;
    Ok((family, user))
}

/// The error for a family that has ended or expired.
pub(crate) fn refuse(refusal: Refusal) -> Denial {
    Denial::RefreshToken(match refusal {
        Refusal::Ended(reason) => reason.as_str(),
        Refusal::Expired => "expired",
    })
}

pub(crate) async fn commit(
    app: &App,
    family: &Family,
    next: &Family,
    at: Moment,
) -> Result<(), AttemptError> {
    if next == family {
        return Ok(());
    }
    match app.store.commit_family(family, next, at.request).await {
        Ok(()) => {}
        Err(CommitError::Conflict) => return Err(AttemptError::Conflict),
        Err(CommitError::Store(error)) => return Err(error.into()),
    }
    if next.rotation != family.rotation
        && let Err(error) = end_siblings(app, family, at).await
    {
        // The token is exchanged. A client that received an error would present it again, and without a leeway that
        // would end its family. The other families change their type with their next exchange.
        tracing::error!(
            %error,
            user_id = %family.user_id,
            client_id = %family.client_id,
            "the families with the earlier rotation type have not all ended"
        );
    }
    Ok(())
}

/// Ends the other families of the old rotation type once the first one has changed its type
/// ([Auth0's rule](https://auth0.com/docs/secure/tokens/refresh-tokens/configure-refresh-token-rotation)).
async fn end_siblings(app: &App, family: &Family, at: Moment) -> Result<(), Error> {
    let ended = Ended {
        at: at.now,
        reason: EndReason::RotationChanged,
    };
    let siblings = app
        .store
        .load_families_of(&family.user_id, &family.client_id)
        .await?;
    for sibling in siblings {
        if sibling.id != family.id
            && sibling.audience == family.audience
            && sibling.rotation == family.rotation
            && sibling.pipeline() == family.pipeline()
            && sibling.is_live(at.now)
        {
            app.store
                .end_family(&FamilyKey::of(&sibling), &ended)
                .await?;
        }
    }
    Ok(())
}

/// Ends the consent and the family of a reused token, because a copy is in the wrong hands. Both end before the
/// client gets the error, the family last, so that a repeated request still finds it after an interruption.
pub(crate) async fn end(app: &App, family: &Family, ended: &Ended) -> Result<Denial, Error> {
    app.store.end_consent(&GrantKey::of(family)).await?;
    app.store.end_family(&FamilyKey::of(family), ended).await?;
    Ok(Denial::RefreshTokenReused)
}

/// Ends a family whose refresh token an Action revokes, before the client gets the error. The consent and the user's
/// other families stay.
pub(crate) async fn revoke(app: &App, family: &Family, at: Moment) -> Result<(), Error> {
    let ended = Ended {
        at: at.now,
        reason: EndReason::RevokedByScript,
    };
    app.store.end_family(&FamilyKey::of(family), &ended).await?;
    tracing::info!(
        r#type = event::REVOKED,
        client_id = %family.client_id,
        user_id = %family.user_id,
        family_id = %family.id,
        reason = %ended.reason,
    );
    Ok(())
}
