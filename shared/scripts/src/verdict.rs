//! The verdict on a login, from the output of the scripts.

use ratchet_domain::{
    denial::Denial,
    error::{Error, Failure},
    login_flow::{
        Effects, Redirect, RefreshTokenEnds, Verdict,
        custom_claims::{action_may_set, fit, rule_may_set},
    },
    scope::Scope,
    time::Timestamp,
};
use serde_json::{Map, Value};
use url::Url;

use super::Command;
use crate::objects::{Facts, Protocol, changed_profile};

/// Output of the scripts.
#[derive(Debug, Clone, Copy)]
pub struct ScriptOutput<'a> {
    /// `user` of the Rules.
    pub user: &'a Value,
    /// `context` of the Rules.
    pub context: &'a Value,
    /// Calls of the Actions on `api`.
    pub commands: &'a [Command],
}

/// Changes that Actions make to a user's metadata; `null` removes a key. They apply with every verdict: a denial does
/// not undo them, as at Auth0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetadataChanges {
    /// Members to merge at the root of `app_metadata`.
    pub app: Map<String, Value>,
    /// Members to merge at the root of `user_metadata`.
    pub user: Map<String, Value>,
}

impl MetadataChanges {
    /// The changes among the Actions' calls.
    pub fn of(commands: &[Command]) -> Self {
        let mut changes = Self::default();
        for command in commands {
            match command {
                Command::SetAppMetadata { name, value } => {
                    changes.app.insert(name.clone(), value.clone());
                }
                Command::SetUserMetadata { name, value } => {
                    changes.user.insert(name.clone(), value.clone());
                }
                _ => {}
            }
        }
        changes
    }
}

fn denied(commands: &[Command]) -> Option<&str> {
    commands.iter().find_map(|command| match command {
        Command::Deny { reason } => Some(reason.as_str()),
        _ => None,
    })
}

/// The verdict. A denial takes precedence over a redirect, a redirect over a second factor.
pub fn verdict(
    facts: &Facts<'_>,
    can_redirect: bool,
    output: ScriptOutput<'_>,
) -> Result<Verdict, Error> {
    if let Some(reason) = denied(output.commands) {
        return Err(Denial::AccessDenied(reason.to_owned()).into());
    }
    let revoked = output.commands.iter().find_map(|command| match command {
        Command::RevokeRefreshToken { reason } => Some(reason.clone()),
        _ => None,
    });
    if let Some(reason) = revoked {
        // There is no refresh token to revoke, so the login is denied.
        return match facts.family {
            Some(_) => Ok(Verdict::RevokeRefreshToken(reason)),
            None => Err(Denial::AccessDenied(reason).into()),
        };
    }
    // A browser that returns from a redirect is not redirected again.
    if facts.protocol != Protocol::RedirectCallback
        && let Some(redirect) = redirect(output)?
    {
        return if can_redirect {
            Ok(Verdict::Redirect(redirect))
        } else {
            Err(Denial::InteractionRequired.into())
        };
    }
    if wants_second_factor(output) {
        return Err(Denial::MultifactorRequired.into());
    }
    Ok(Verdict::Continue(Box::new(effects(facts, output)?)))
}

/// The redirect that the scripts ask for.
fn redirect(output: ScriptOutput<'_>) -> Result<Option<Redirect>, Error> {
    let by_action = output.commands.iter().find_map(|command| match command {
        Command::SendUserTo { url, action } => Some(Redirect {
            url: url.clone(),
            action: Some(*action),
        }),
        _ => None,
    });
    let by_rule = match output.context.get("redirect") {
        None | Some(Value::Null | Value::Bool(false)) => None,
        Some(wanted) => Some(Redirect {
            url: wanted
                .get("url")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            action: None,
        }),
    };
    let Some(redirect) = by_rule.or(by_action) else {
        return Ok(None);
    };
    match web_address(&redirect.url) {
        Some(url) => Ok(Some(Redirect {
            url: url.into(),
            ..redirect
        })),
        None => Err(Failure::script("the address of a redirect is no http or https URL").into()),
    }
}

/// Parses the URL of a redirect; `None` for one that a browser would execute or open as a file.
fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "https" | "http") && url.has_host()).then_some(url)
}

fn wants_second_factor(output: ScriptOutput<'_>) -> bool {
    let by_rule = output
        .context
        .get("multifactor")
        .is_some_and(|wanted| wanted.is_object() || wanted.is_string());
    by_rule || output.commands.contains(&Command::EnableMultifactor)
}

fn effects(facts: &Facts<'_>, output: ScriptOutput<'_>) -> Result<Effects, Error> {
    let mut effects = Effects {
        profile: changed_profile(facts.user, output.user),
        scope: scope_of_rules(output.context)?,
        ..Effects::default()
    };
    effects.claims.access_token = claims_of_rules(output.context, "accessToken");
    effects.claims.id_token = claims_of_rules(output.context, "idToken");
    for command in output.commands {
        apply(command, facts, &mut effects);
    }
    if fit(&effects.claims.access_token) && fit(&effects.claims.id_token) {
        Ok(effects)
    } else {
        Err(Failure::script("more than 100 KB of custom claims in a token").into())
    }
}

fn claims_of_rules(context: &Value, member: &str) -> Map<String, Value> {
    let claims = context.get(member).and_then(Value::as_object);
    claims
        .into_iter()
        .flatten()
        .filter(|(name, _)| rule_may_set(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// `context.accessToken.scope`: a list, as at Auth0, or a string.
fn scope_of_rules(context: &Value) -> Result<Option<Scope>, Error> {
    let names = match context.pointer("/accessToken/scope") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => return Ok(Some(Scope::parse(text))),
        Some(Value::Array(names)) => names.iter().map(Value::as_str).collect::<Option<Vec<_>>>(),
        Some(_) => None,
    };
    match names {
        Some(names) => Ok(Some(Scope::parse(&names.join(" ")))),
        None => Err(Failure::script("context.accessToken.scope is no list of texts").into()),
    }
}

fn apply(command: &Command, facts: &Facts<'_>, effects: &mut Effects) {
    match command {
        Command::SetAccessTokenClaim { name, value } if action_may_set(name) => {
            set(&mut effects.claims.access_token, name, value);
        }
        Command::SetIdTokenClaim { name, value } if action_may_set(name) => {
            set(&mut effects.claims.id_token, name, value);
        }
        Command::AddScope { scope } => {
            let scopes = effects.granted(facts.scope).union(&Scope::parse(scope));
            effects.scope = Some(scopes);
        }
        Command::RemoveScope { scope } => {
            effects.scope = Some(effects.granted(facts.scope).without(scope));
        }
        Command::SetRefreshTokenExpiresAt { at } => {
            bring_forward(&mut effects.refresh_token, |ends| &mut ends.expires_at, *at);
        }
        Command::SetRefreshTokenIdleExpiresAt { at } => {
            bring_forward(
                &mut effects.refresh_token,
                |ends| &mut ends.idle_expires_at,
                *at,
            );
        }
        _ => {}
    }
}

fn set(claims: &mut Map<String, Value>, name: &str, value: &Value) {
    if value.is_null() {
        claims.remove(name);
    } else {
        claims.insert(name.to_owned(), value.clone());
    }
}

/// Keeps the earliest end that any script asks for. A number that is not finite is ignored.
fn bring_forward(
    ends: &mut RefreshTokenEnds,
    end: impl Fn(&mut RefreshTokenEnds) -> &mut Option<Timestamp>,
    millis: f64,
) {
    if !millis.is_finite() {
        return;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of a float saturates, and a time before 1970 is as past as 1970"
    )]
    let asked = Timestamp::from_millis(millis as u64);
    let end = end(ends);
    *end = Some(end.map_or(asked, |known| known.min(asked)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_sends_a_browser_to_web_pages_alone() {
        for good in ["https://a.example/x?y=1#z", "http://127.0.0.1:8080"] {
            assert!(web_address(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "/relative",
            "//a.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "app.example:/x",
        ] {
            assert_eq!(web_address(bad), None, "{bad}");
        }
    }
}
