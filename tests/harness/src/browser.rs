//! A user at the hosted pages, with a browser that stores cookies.

use std::collections::BTreeMap;

use reqwest::Url;
use serde_json::Value;

use crate::{
    apps::User,
    html,
    http::{Answer, Http},
};

/// A browser. A clone is another tab: it shares the cookies.
#[derive(Clone)]
pub struct Browser {
    http: Http,
}

/// End of a walk through the server's redirects.
#[derive(Debug)]
pub enum Landing {
    Callback(Callback),
    /// On a page of the server.
    Page(Box<Answer>),
}

impl Browser {
    /// A browser that starts with the cookies of this client.
    pub fn new(http: Http) -> Self {
        Self { http }
    }

    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Opens a URL and follows redirects within the server.
    pub async fn open(&self, url: &str) -> Landing {
        let answer = self.http.get(url).await;
        self.follow(answer).await
    }

    /// Follows the redirects of an answer within the server.
    pub async fn follow(&self, mut answer: Answer) -> Landing {
        for _ in 0..10 {
            let Some(location) = answer.location() else {
                return Landing::Page(Box::new(answer));
            };
            assert!(matches!(answer.status, 302 | 303), "{answer}");
            if location.origin() != self.http.base().origin() {
                return Landing::Callback(Callback { url: location });
            }
            answer = self.http.get(location.as_str()).await;
        }
        panic!("the redirects do not end: {answer}");
    }

    /// Submits the form of a page with additional fields.
    pub async fn submit(&self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let text = page.text();
        let form = html::tag(&text, "form");
        assert_eq!(
            form.get("method").map(String::as_str),
            Some("post"),
            "{page}"
        );
        let action = form.get("action").map_or("", String::as_str);
        let target = page.url.join(action).expect("`action` is a URL");
        let hidden = html::hidden_fields(&text);
        let mut all: Vec<(&str, &str)> = hidden
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        all.extend(fields);
        self.http.post_form(target.as_str(), &all).await
    }

    /// Types name and password into the login page.
    pub async fn log_in(&self, page: &Answer, name: &str, password: &str) -> Answer {
        assert_eq!(page.url.path(), "/u/login", "{page}");
        let fields = [
            ("username", name),
            ("password", password),
            ("action", "default"),
        ];
        self.submit(page, &fields).await
    }

    /// Answers the consent page: `accept` or `deny`.
    pub async fn answer_consent(&self, page: &Answer, action: &str) -> Answer {
        assert_eq!(page.url.path(), "/u/consent", "{page}");
        self.submit(page, &[("action", action)]).await
    }

    /// Answers the page that asks the user to confirm the application: `accept` or `deny`.
    pub async fn answer_confirmation(&self, page: &Answer, action: &str) -> Answer {
        assert_eq!(page.url.path(), "/u/confirm", "{page}");
        self.submit(page, &[("action", action)]).await
    }

    /// Opens a URL, logs in and accepts where required, and returns the landing.
    pub async fn walk(&self, url: &str, user: &User) -> Landing {
        let mut landing = self.open(url).await;
        for _ in 0..3 {
            let Landing::Page(page) = &landing else {
                return landing;
            };
            let answer = match (page.status, page.url.path()) {
                (200, "/u/login") => self.log_in(page, &user.email, user.password).await,
                (200, "/u/consent") => self.answer_consent(page, "accept").await,
                (200, "/u/confirm") => self.answer_confirmation(page, "accept").await,
                _ => return landing,
            };
            landing = self.follow(answer).await;
        }
        landing
    }
}

impl Landing {
    /// The redirect to the application.
    pub fn callback(self) -> Callback {
        match self {
            Self::Callback(callback) => callback,
            Self::Page(page) => panic!("not at the application but on a page: {page}"),
        }
    }

    pub fn page(self) -> Answer {
        match self {
            Self::Page(page) => *page,
            Self::Callback(callback) => panic!("not on a page but at {}", callback.url),
        }
    }

    /// The parameters that the application receives, by any response mode.
    pub fn response(self) -> BTreeMap<String, String> {
        let page = match self {
            Self::Callback(callback) => return callback.parameters().into_iter().collect(),
            Self::Page(page) => page,
        };
        assert_eq!(page.status, 200, "{page}");
        let text = page.text();
        match text.split_once("{type: \"authorization_response\", response: ") {
            None => html::hidden_fields(&text).into_iter().collect(),
            Some((_, rest)) => {
                let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
                let response = values.next().expect("a response").expect("JSON");
                let members = response.as_object().expect("an object").iter();
                members
                    .map(|(name, value)| {
                        (name.clone(), value.as_str().unwrap_or_default().to_owned())
                    })
                    .collect()
            }
        }
    }

    /// The page, which must have this path.
    pub fn page_at(self, path: &str) -> Answer {
        let page = self.page();
        assert_eq!((page.status, page.url.path()), (200, path), "{page}");
        page
    }
}

/// A redirect to the application.
#[derive(Clone, Debug)]
pub struct Callback {
    pub url: Url,
}

impl Callback {
    /// A parameter that occurs at most once: from the fragment if there is one, else from the query.
    pub fn get(&self, name: &str) -> Option<String> {
        let mut values = self.parameters().into_iter().filter(|(key, _)| key == name);
        let (_, value) = values.next()?;
        assert!(values.next().is_none(), "`{name}` twice in {}", self.url);
        Some(value)
    }

    /// The names of all parameters, in order.
    pub fn names(&self) -> Vec<String> {
        self.parameters()
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }

    /// True if the parameters are in the fragment, which no server sees.
    pub fn in_fragment(&self) -> bool {
        self.url.fragment().is_some()
    }

    fn parameters(&self) -> Vec<(String, String)> {
        let mut url = self.url.clone();
        if let Some(fragment) = self.url.fragment() {
            url.set_query(Some(fragment));
        }
        url.query_pairs().into_owned().collect()
    }

    /// The URL without its parameters.
    pub fn target(&self) -> String {
        let text = self.url.as_str();
        text.split_once(['?', '#'])
            .map_or(text, |(target, _)| target)
            .to_owned()
    }

    /// The code; panics if the server returned something else.
    pub fn code(&self) -> String {
        self.get("code")
            .unwrap_or_else(|| panic!("no code at {}", self.url))
    }

    /// Asserts an error response of the authorization endpoint.
    pub fn assert_error(&self, error: &str, description: &str) {
        assert_eq!(self.get("error").as_deref(), Some(error), "{}", self.url);
        assert_eq!(
            self.get("error_description").as_deref(),
            Some(description),
            "{}",
            self.url
        );
        assert_eq!(self.get("code"), None, "{}", self.url);
    }
}
