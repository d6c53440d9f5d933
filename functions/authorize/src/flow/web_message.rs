//! `response_mode=web_message`: a page in a frame or popup posts the answer to the page that opened it
//! ([Auth0's silent authentication]).
//!
//! [Auth0's silent authentication]: https://auth0.com/docs/authenticate/login/configure-silent-authentication

use crate::pages::{
    WebMessagePage,
    screen::{Screen, framed},
    web_message_security_policy,
};
use http::{StatusCode, header::X_FRAME_OPTIONS};
use ratchet_domain::{client::Client, denial::Denial, redirect_uri};
use ratchet_protocol::Response;
use serde_json::{Map, Value};

/// The origin that receives the answer: that of the redirect URI. It must be one of the client's `web_origins`; a
/// registered callback is not enough.
pub(crate) fn origin(client: &Client, redirect_uri: &str) -> Result<String, Denial> {
    redirect_uri::origin(redirect_uri)
        .filter(|origin| redirect_uri::is_allowed_origin(client.web_origins.iter(), origin))
        .ok_or_else(|| Denial::UnregisteredOrigin(redirect_uri.to_owned()))
}

/// The page that posts the answer. It may be framed, because SDKs load it in a frame.
pub(crate) fn post(
    screen: &Screen,
    redirect_uri: &str,
    parameters: &[(&str, &str)],
) -> Result<Response, Denial> {
    let origin = redirect_uri::origin(redirect_uri)
        .ok_or_else(|| Denial::UnregisteredOrigin(redirect_uri.to_owned()))?;
    let response: Map<String, Value> = parameters.iter().map(|pair| member(*pair)).collect();
    let html = WebMessagePage {
        nonce: &screen.nonce,
        response: &for_script(&Value::Object(response)),
        origin: &for_script(&Value::String(origin)),
    }
    .render();
    let mut page = framed(
        StatusCode::OK,
        html,
        &web_message_security_policy(&screen.nonce),
    );
    page.headers_mut().remove(X_FRAME_OPTIONS);
    Ok(page)
}

/// A member of the answer. Only here, of all answers of `/authorize`, `expires_in` is a number.
fn member((name, value): (&str, &str)) -> (String, Value) {
    let value = match (name, value.parse::<u64>()) {
        ("expires_in", Ok(seconds)) => seconds.into(),
        _ => value.into(),
    };
    (name.to_owned(), value)
}

/// JSON that cannot end a script: without `</script>`, and without the Unicode line separators, at which older
/// JavaScript engines end a line.
fn for_script(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_script_and_nothing_is_lost() {
        let hostile = "</script><!--&\u{2028}\u{2029}\"\\";
        let text = for_script(&Value::from(hostile));
        assert!(
            !text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
    }

    #[test]
    fn the_life_of_a_token_is_a_number() {
        assert_eq!(member(("expires_in", "7200")).1, Value::from(7200));
        assert_eq!(member(("state", "7200")).1, Value::from("7200"));
    }
}
