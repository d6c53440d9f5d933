//! What the token endpoint and `/delegation` do with a refresh token and its family: open the token, load the family,
//! commit an exchange, end a family whose token came back.

use shared::{
    adapters::dynamo::CommitError,
    app::{App, Moment},
    domain::{
        client::Client,
        denial::Denial,
        family::{EndReason, Ended, Family, Refusal},
        family_key::FamilyKey,
        grant::GrantKey,
        sealed::{Purpose, RefreshToken},
        user::User,
    },
    sealing::Keyring,
    telemetry::event,
};

/// How often a decision is made before the client is asked to come back: lost races are rare, and
/// the second decision sees who won.
pub(crate) const ATTEMPTS: usize = 3;

/// Why an attempt gave no answer.
pub(crate) enum Failure {
    /// The family changed since it was read.
    Conflict,
    Denied(Denial),
}

impl<E: Into<Denial>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Denied(error.into())
    }
}

/// What a client is answered whose attempts have all lost a race.
pub(crate) fn kept_changing() -> Denial {
    Denial::Unavailable("the family kept changing".to_owned())
}

/// Opens a refresh token. One that we did not seal for the client ends here, before anything is read for it.
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
) -> Result<(Family, User), Denial> {
    let family = token.family_of(&client.client_id);
    let state = app.store.load_refresh_state(&family).await?;
    // Also of a family that ended with its user.
    let user = state.user.ok_or(Denial::UserGone)?;
    let family = state.family.ok_or(Denial::RefreshToken("unknown family"))?;
    Ok((family, user))
}

/// What the client of a family is answered that has ended or expired.
pub(crate) fn refuse(refusal: Refusal) -> Denial {
    Denial::RefreshToken(match refusal {
        Refusal::Ended(reason) => reason.as_str(),
        Refusal::Expired => "expired",
    })
}

/// Commits the exchange.
pub(crate) async fn commit(
    app: &App,
    family: &Family,
    next: &Family,
    at: Moment,
) -> Result<(), Failure> {
    if next == family {
        return Ok(());
    }
    match app.store.commit_family(family, next, at.request).await {
        Ok(()) => {}
        Err(CommitError::Conflict) => return Err(Failure::Conflict),
        Err(CommitError::Store(error)) => return Err(error.into()),
    }
    if next.rotation != family.rotation {
        end_siblings(app, family, at).await?;
    }
    Ok(())
}

/// A change of rotation type lets one family through and ends the others of the old type
/// ([Auth0's rule](https://auth0.com/docs/secure/tokens/refresh-tokens/configure-refresh-token-rotation)).
async fn end_siblings(app: &App, family: &Family, at: Moment) -> Result<(), Denial> {
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

/// A copy is in the wrong hands: what the user agreed to ends, and the family, before the client hears of it. The family
/// goes last, so that a request that was cut short finds it when it is made again.
pub(crate) async fn end(app: &App, family: &Family, ended: &Ended) -> Result<Denial, Denial> {
    app.store.end_consent(&GrantKey::of(family)).await?;
    app.store.end_family(&FamilyKey::of(family), ended).await?;
    Ok(Denial::RefreshTokenReused)
}

/// An Action wants this token to be the last: its family ends before the client hears of it. What the
/// user agreed to stays, and so do the user's other families.
pub(crate) async fn revoke(app: &App, family: &Family, at: Moment) -> Result<(), Denial> {
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
