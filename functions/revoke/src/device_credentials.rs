//! `/api/v2/device-credentials` ([Auth0's device credentials]): the older view of refresh tokens, by type. There are
//! no public keys here. Credentials are stored per user, so there is no list of all users' credentials, and `user_id`
//! is required. The id of a credential is that of its refresh token.
//!
//! [Auth0's device credentials]: https://auth0.com/docs/api/management/v2/device-credentials/get-device-credentials

use http::StatusCode;
use ratchet_domain::{
    client::Rotation,
    denial::Denial,
    error::Error,
    family::Family,
    family_key::FamilyKey,
    ids::{ClientId, DeviceName, UserId},
};
use ratchet_protocol::{Response, response};
use serde::Serialize;

use crate::{
    call::Call,
    paging::{Fields, Paging},
    refresh_tokens,
};

/// Auth0's largest page, and the maximum number of credentials in a list.
const MOST: usize = 1_000;

/// The JSON of a credential.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_name: Option<&'a str>,
    r#type: &'static str,
    user_id: &'a UserId,
    client_id: &'a ClientId,
}

/// `type` of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    PublicKey,
    RefreshToken,
    RotatingRefreshToken,
}

impl Kind {
    fn parse(text: &str) -> Result<Self, Denial> {
        match text {
            "public_key" => Ok(Self::PublicKey),
            "refresh_token" => Ok(Self::RefreshToken),
            "rotating_refresh_token" => Ok(Self::RotatingRefreshToken),
            _ => Err(Denial::Query(
                "type must be public_key, refresh_token or rotating_refresh_token",
            )),
        }
    }

    fn of(family: &Family) -> Self {
        match family.rotation {
            Rotation::Rotating => Self::RotatingRefreshToken,
            Rotation::NonRotating => Self::RefreshToken,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::PublicKey => "public_key",
            Self::RefreshToken => "refresh_token",
            Self::RotatingRefreshToken => "rotating_refresh_token",
        }
    }
}

/// `GET /api/v2/device-credentials?user_id=&client_id=&type=`. A request without a type gets no rotating refresh
/// tokens, as at Auth0.
pub(crate) async fn list(call: &mut Call<'_>) -> Result<Response, Error> {
    let params = call.query()?;
    let id = call.user_of_query(&params)?;
    let client = call.client_of_query(&params)?;
    let kind = params.text("type")?.map(Kind::parse).transpose()?;
    let paging = Paging::parse(&params, MOST, "per_page must be between 1 and 1000")?;
    let fields = Fields::parse(&params)?;
    let app = call.app;
    let Some(record) = app.store.load_user(&id).await? else {
        return Ok(response::json(
            StatusCode::OK,
            &paging.of(Vec::<Shown<'_>>::new(), "device_credentials")?,
        ));
    };
    let families = match &call.audit.client_id {
        Some(client) => app.store.load_families_of(&id, client).await?,
        None => app.store.load_families(&id).await?,
    };
    let wanted = families.iter().filter(|family| {
        refresh_tokens::lives(family, &record.user, call.now)
            && Kind::of(family) == kind.unwrap_or(Kind::RefreshToken)
            && client
                .as_deref()
                .is_none_or(|client| family.client_id.as_str() == client)
    });
    let mut shown = Vec::new();
    for family in wanted.take(MOST) {
        let credential = Shown {
            id: app.refresh_token_id(&FamilyKey::of(family)).await?,
            device_name: family.device.as_ref().map(DeviceName::as_str),
            r#type: Kind::of(family).as_str(),
            user_id: &id,
            client_id: &family.client_id,
        };
        shown.push(fields.of(&credential)?);
    }
    let page = paging.of(shown, "device_credentials")?;
    Ok(response::json(StatusCode::OK, &page))
}

/// `DELETE /api/v2/device-credentials/{id}`
pub(crate) async fn delete(call: &mut Call<'_>) -> Result<Response, Error> {
    refresh_tokens::end_named(call).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}
