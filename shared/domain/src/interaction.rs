//! The interaction of a browser with the login pages: an authorization request or the activation of a device.

use serde::{Deserialize, Serialize};

use super::{
    authorization::AuthorizationRequest,
    device::Activation,
    ids::{Audience, ClientId, ConnectionName},
    scope::Scope,
    sealed::{Purpose, Sealed},
    time::Timestamp,
};

/// An authorization request or the activation of a device, from the browser's first request to the response. The pages
/// contain it, sealed, in their `state`. The two have different sets of required fields, so the text needs no tag, and
/// texts from before the device flow can still be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Interaction {
    /// A client's request at `/authorize`.
    Authorize(Box<AuthorizationRequest>),
    /// A user's visit to `/activate`.
    Activate(Activation),
}

impl Sealed for Interaction {
    const PURPOSE: Purpose = Purpose::Transaction;
}

impl Interaction {
    /// The client that requests access.
    pub fn client_id(&self) -> &ClientId {
        match self {
            Self::Authorize(request) => &request.client_id,
            Self::Activate(activation) => &activation.client_id,
        }
    }

    /// The API of the tokens that this interaction leads to; `None` for `/userinfo` alone.
    pub fn audience(&self) -> Option<&Audience> {
        match self {
            Self::Authorize(request) => request.audience.as_ref(),
            Self::Activate(activation) => activation.audience.as_ref(),
        }
    }

    /// The scope to grant if the user agrees.
    pub fn scope(&self) -> &Scope {
        match self {
            Self::Authorize(request) => &request.scope,
            Self::Activate(activation) => &activation.scope,
        }
    }

    /// Time of the browser's first request.
    pub fn started_at(&self) -> Timestamp {
        match self {
            Self::Authorize(request) => request.started_at,
            Self::Activate(activation) => activation.started_at,
        }
    }

    /// User name for the login page; `None` for devices, whose request does not affect the login page.
    pub fn login_hint(&self) -> Option<&str> {
        match self {
            Self::Authorize(request) => request.login_hint.as_deref(),
            Self::Activate(_) => None,
        }
    }

    /// The user database of the login, if the request names one.
    pub fn connection(&self) -> Option<&ConnectionName> {
        match self {
            Self::Authorize(request) => request.connection.as_ref(),
            Self::Activate(_) => None,
        }
    }

    /// The redirect URI of the response; `None` for devices.
    pub fn redirect_uri(&self) -> Option<&str> {
        match self {
            Self::Authorize(request) => Some(&request.redirect_uri),
            Self::Activate(_) => None,
        }
    }
}

impl From<AuthorizationRequest> for Interaction {
    fn from(request: AuthorizationRequest) -> Self {
        Self::Authorize(Box::new(request))
    }
}

impl From<Activation> for Interaction {
    fn from(activation: Activation) -> Self {
        Self::Activate(activation)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        authorization::Prompt,
        ids::DeviceId,
        pipeline::Pipeline,
        response_type::{ResponseMode, ResponseType},
        user_code::UserCode,
    };

    const REQUEST: &str = concat!(
        r#"{"client_id":"app","redirect_uri":"https://app.example/cb","redirect_uri_was_sent":true,"#,
        r#""response_type":{"code":true,"token":false,"id_token":false},"response_mode":"query","#,
        r#""state":null,"nonce":null,"audience":null,"scope":"openid","challenge":null,"#,
        r#""prompt":{"none":false,"login":false,"consent":false},"max_age":null,"login_hint":null,"#,
        r#""connection":null,"hinted_user":null,"started_at":1000,"pipeline":"conformant","device":null}"#,
    );
    const ACTIVATION: &str = concat!(
        r#"{"device_id":"01010101010101010101010101010101","user_code":"WDJBMJHT","#,
        r#""client_id":"app","audience":null,"scope":"openid","confirmed_in":null,"started_at":1000}"#,
    );

    #[test]
    fn an_interaction_reads_as_what_it_was_written_as() {
        let client_id = ClientId::parse("app").unwrap();
        let request = AuthorizationRequest {
            client_id: client_id.clone(),
            redirect_uri: "https://app.example/cb".to_owned(),
            redirect_uri_was_sent: true,
            response_type: ResponseType::CODE,
            response_mode: ResponseMode::Query,
            state: None,
            nonce: None,
            audience: None,
            scope: Scope::parse("openid"),
            challenge: None,
            prompt: Prompt::default(),
            max_age: None,
            login_hint: None,
            connection: None,
            hinted_user: None,
            started_at: Timestamp::from_secs(1),
            pipeline: Pipeline::Conformant,
            device: None,
            confirmed_in: None,
            sent: BTreeMap::new(),
        };
        let activation = Activation {
            device_id: DeviceId::from_bytes([1; 16]),
            user_code: UserCode::parse("WDJBMJHT").unwrap(),
            client_id,
            audience: None,
            scope: Scope::parse("openid"),
            confirmed_in: None,
            started_at: Timestamp::from_secs(1),
        };
        // Interactions that began before an update have these texts: the names in them must stay.
        let old = serde_json::to_string(&request).unwrap();
        assert_eq!(old, REQUEST);
        assert_eq!(
            serde_json::from_str::<Interaction>(&old).unwrap(),
            Interaction::from(request)
        );
        let interaction = Interaction::from(activation);
        let text = serde_json::to_string(&interaction).unwrap();
        assert_eq!(text, ACTIVATION);
        assert_eq!(
            serde_json::from_str::<Interaction>(&text).unwrap(),
            interaction
        );
    }
}
