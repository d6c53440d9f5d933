//! What becomes of a family in the store when its token is presented.

use shared::{
    adapters::dynamo::CommitError,
    app::{App, Moment},
    domain::{
        denial::Denial,
        family::{EndReason, Ended, Family},
        family_key::FamilyKey,
        grant::GrantKey,
    },
    telemetry::event,
};

use super::refresh_token::Failure;

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
pub(super) async fn revoke(app: &App, family: &Family, at: Moment) -> Result<(), Denial> {
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
