//! Scopes in the words of the consent page ([Auth0's rules]): one line for all actions on a resource, such as
//! `Orders: read and write your orders`, or the descriptions from the API.
//!
//! [Auth0's rules]: https://auth0.com/docs/get-started/applications/third-party-applications/user-consent-and-third-party-applications#scope-descriptions

use ratchet_domain::{
    resource_server::ResourceServer,
    scope::{OPENID, Scope},
    settings::ConsentWords,
};

use crate::pages::ScopeLine;

/// A line of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The scopes of the line, separated by spaces.
    value: String,
    /// The text that the user reads.
    description: String,
}

impl<'a> From<&'a Line> for ScopeLine<'a> {
    fn from(line: &'a Line) -> Self {
        Self {
            value: &line.value,
            description: &line.description,
        }
    }
}

/// The lines for a scope; `openid` gets none.
pub(crate) fn lines(scope: &Scope, api: Option<&ResourceServer>, words: ConsentWords) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut resources: Vec<Resource<'_>> = Vec::new();
    for value in scope.iter().filter(|value| *value != OPENID) {
        let described = || api.and_then(|api| api.scope_description(value));
        let description = match standard(value) {
            None if words == ConsentWords::Descriptions => described(),
            known => known,
        };
        let (None, Some((action, name))) = (description, named(value)) else {
            lines.push(Line {
                value: value.to_owned(),
                description: description.unwrap_or(value).to_owned(),
            });
            continue;
        };
        match resources.iter_mut().find(|resource| resource.name == name) {
            Some(resource) => resource.add(action, value),
            None => resources.push(Resource {
                name,
                actions: vec![action],
                values: vec![value],
                at: lines.len(),
            }),
        }
    }
    // In reverse, so that every line is inserted where its resource was first named.
    for resource in resources.iter().rev() {
        lines.insert(resource.at, resource.line());
    }
    lines
}

/// Action and resource of a scope like `read:orders`.
fn named(value: &str) -> Option<(&str, &str)> {
    let (action, name) = value.split_once(':')?;
    (!action.is_empty() && !name.is_empty()).then_some((action, name))
}

/// The requested actions on one resource.
struct Resource<'a> {
    name: &'a str,
    actions: Vec<&'a str>,
    values: Vec<&'a str>,
    at: usize,
}

impl<'a> Resource<'a> {
    fn add(&mut self, action: &'a str, value: &'a str) {
        self.actions.push(action);
        self.values.push(value);
    }

    fn line(&self) -> Line {
        let name = self.name.replace(['_', '-'], " ");
        let mut first = name.chars();
        let title: String = first
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(first)
            .collect();
        let actions: Vec<_> = self
            .actions
            .iter()
            .map(|action| action.replace(['_', '-'], " "))
            .collect();
        Line {
            value: self.values.join(" "),
            description: format!("{title}: {} your {name}", listed(&actions)),
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(words: &[String]) -> String {
    match words {
        [words @ .., last] if !words.is_empty() => format!("{} and {last}", words.join(", ")),
        words => words.concat(),
    }
}

/// Our words for the standard scopes.
fn standard(value: &str) -> Option<&'static str> {
    match value {
        "profile" => Some("Your name, nickname and picture"),
        "email" => Some("Your e-mail address"),
        "address" => Some("Your postal address"),
        "phone" => Some("Your phone number"),
        "offline_access" => Some("Access while you are not using the application"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ratchet_domain::{ids::Audience, resource_server::ApiScope};

    use super::*;

    fn api() -> ResourceServer {
        let scope = |value: &str, description: Option<&str>| ApiScope {
            value: value.to_owned(),
            description: description.map(str::to_owned),
        };
        ResourceServer {
            scopes: vec![
                scope("read:orders", Some("See what you bought")),
                scope("write:orders", None),
                scope("admin", Some("Everything")),
            ],
            ..ResourceServer::management(Audience::parse("https://api").unwrap())
        }
    }

    fn shown(scope: &str, words: ConsentWords) -> Vec<(String, String)> {
        lines(&Scope::parse(scope), Some(&api()), words)
            .into_iter()
            .map(|line| (line.value, line.description))
            .collect()
    }

    fn pair(value: &str, description: &str) -> (String, String) {
        (value.to_owned(), description.to_owned())
    }

    #[test]
    fn actions_on_one_resource_are_one_line() {
        assert_eq!(
            shown(
                "openid read:orders email delete:pay_slips write:orders update:orders",
                ConsentWords::Names
            ),
            [
                pair(
                    "read:orders write:orders update:orders",
                    "Orders: read, write and update your orders"
                ),
                pair("email", "Your e-mail address"),
                pair("delete:pay_slips", "Pay slips: delete your pay slips"),
            ]
        );
    }

    #[test]
    fn a_name_that_is_no_action_on_a_resource_is_shown_as_it_is() {
        for name in ["admin", ":orders", "read:"] {
            assert_eq!(shown(name, ConsentWords::Names), [pair(name, name)]);
        }
    }

    #[test]
    fn descriptions_are_shown_where_the_tenant_wants_them_and_the_api_has_them() {
        assert_eq!(
            shown("read:orders write:orders admin", ConsentWords::Descriptions),
            [
                pair("read:orders", "See what you bought"),
                pair("write:orders", "Orders: write your orders"),
                pair("admin", "Everything"),
            ]
        );
    }
}
