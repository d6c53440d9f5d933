//! Response type and response mode of `/authorize` ([OAuth 2.0 Multiple Response Type Encoding Practices],
//! [OAuth 2.0 Form Post Response Mode], [Auth0's response modes]).
//!
//! [OAuth 2.0 Multiple Response Type Encoding Practices]: https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html
//! [OAuth 2.0 Form Post Response Mode]: https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html
//! [Auth0's response modes]: https://auth0.com/docs/authenticate/protocols/oauth#authorization-endpoint

use serde::{Deserialize, Serialize};

/// `response_type`: the items that `/authorize` itself issues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseType {
    /// A code, to be exchanged at the token endpoint.
    pub code: bool,
    /// An access token, in the response of `/authorize` itself.
    pub token: bool,
    /// An ID token, in the response of `/authorize` itself.
    pub id_token: bool,
}

impl ResponseType {
    /// `code` alone.
    pub const CODE: Self = Self {
        code: true,
        token: false,
        id_token: false,
    };

    /// `token` alone.
    pub const TOKEN: Self = Self {
        code: false,
        token: true,
        id_token: false,
    };

    /// Reads the space-separated words, in any order; `None` for an empty list, an unknown or a repeated word.
    pub fn parse(text: &str) -> Option<Self> {
        let mut asked = Self::default();
        for word in text.split_ascii_whitespace() {
            let part = match word {
                "code" => &mut asked.code,
                "token" => &mut asked.token,
                "id_token" => &mut asked.id_token,
                _ => return None,
            };
            if std::mem::replace(part, true) {
                return None;
            }
        }
        (asked != Self::default()).then_some(asked)
    }

    /// True if tokens pass through the browser: the implicit and the hybrid flow.
    pub fn gives_tokens(self) -> bool {
        self.token || self.id_token
    }

    /// Grant types that a client needs for it, by their names in `grant_types`.
    pub fn grants(self) -> impl Iterator<Item = &'static str> {
        let code = self.code.then_some("authorization_code");
        let tokens = self.gives_tokens().then_some("implicit");
        code.into_iter().chain(tokens)
    }

    /// Response mode of a request that names none: tokens never in a query, which servers log.
    pub fn default_mode(self) -> ResponseMode {
        if self.gives_tokens() {
            ResponseMode::Fragment
        } else {
            ResponseMode::Query
        }
    }
}

/// `response_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of a redirect.
    Query,
    /// In the fragment of a redirect.
    Fragment,
    /// In a form that submits itself.
    FormPost,
    /// In a message from a frame or a popup to the page that opened it (Auth0's).
    WebMessage,
}

impl ResponseMode {
    /// Reads the parameter; `None` for an unknown mode.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "query" => Some(Self::Query),
            "fragment" => Some(Self::Fragment),
            "form_post" => Some(Self::FormPost),
            "web_message" => Some(Self::WebMessage),
            _ => None,
        }
    }

    /// True if a response of this type may use this mode.
    pub fn carries(self, response_type: ResponseType) -> bool {
        self != Self::Query || !response_type.gives_tokens()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ResponseType {
        ResponseType::parse(text).unwrap()
    }

    #[test]
    fn words_come_in_any_order_and_once() {
        assert_eq!(parse("code"), ResponseType::CODE);
        assert_eq!(parse("id_token token"), parse("token id_token"));
        assert_eq!(parse("token code id_token"), parse("code id_token token"));
        for text in ["", " ", "none", "code code", "code foo", "Token"] {
            assert_eq!(ResponseType::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_client_needs_a_grant_for_each_half() {
        let grants = |text| parse(text).grants().collect::<Vec<_>>();
        assert_eq!(grants("code"), ["authorization_code"]);
        assert_eq!(grants("token"), ["implicit"]);
        assert_eq!(grants("code id_token"), ["authorization_code", "implicit"]);
    }

    #[test]
    fn tokens_never_travel_in_a_query() {
        for text in ["token", "id_token", "code token", "code id_token token"] {
            assert_eq!(parse(text).default_mode(), ResponseMode::Fragment);
            assert!(!ResponseMode::Query.carries(parse(text)));
            assert!(ResponseMode::FormPost.carries(parse(text)));
        }
        assert_eq!(ResponseType::CODE.default_mode(), ResponseMode::Query);
        assert!(ResponseMode::Query.carries(ResponseType::CODE));
    }
}
