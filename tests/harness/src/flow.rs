//! The application's side: from a login to tokens, and requests with tokens.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::{
    apps::{API, App, Proof, User},
    browser::{Browser, Callback, Landing},
    http::{Answer, Http, send},
    jwt, pkce,
    server::Server,
};

/// The default scope of a login.
pub const SCOPE: &str = "openid profile email offline_access read:orders write:orders";

/// An authorization request under construction.
pub struct Login<'a> {
    server: &'a Server,
    app: App,
    user: User,
    browser: Browser,
    verifier: String,
    parameters: Vec<(String, String)>,
}

impl<'a> Login<'a> {
    pub(crate) fn new(server: &'a Server, app: App) -> Self {
        let verifier = pkce::verifier();
        let parameters = [
            ("response_type", "code"),
            ("client_id", app.id),
            ("redirect_uri", app.callback),
            ("scope", SCOPE),
            ("audience", API),
            ("state", &pkce::random()),
            ("nonce", &pkce::random()),
            ("code_challenge", &pkce::challenge(&verifier)),
            ("code_challenge_method", "S256"),
        ];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let (user, browser) = (User::ada(), server.browser());
        Self {
            server,
            app,
            user,
            browser,
            verifier,
            parameters: parameters.into(),
        }
    }

    /// Sets a parameter and replaces its previous value.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a parameter out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(key, _)| key != name);
        self
    }

    #[must_use]
    pub fn scope(self, scope: &str) -> Self {
        self.with("scope", scope)
    }

    #[must_use]
    pub fn audience(self, audience: &str) -> Self {
        self.with("audience", audience)
    }

    /// Without PKCE, like an old confidential client.
    #[must_use]
    pub fn without_pkce(self) -> Self {
        self.without("code_challenge")
            .without("code_challenge_method")
    }

    /// Logs this user in.
    #[must_use]
    pub fn user(mut self, user: &User) -> Self {
        self.user = user.clone();
        self
    }

    /// Uses this browser, with its session if it has one.
    #[must_use]
    pub fn browser(mut self, browser: &Browser) -> Self {
        self.browser = browser.clone();
        self
    }

    /// The parameters of the request.
    pub fn parameters(&self) -> Vec<(&str, &str)> {
        self.parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    /// The code verifier of the request's challenge.
    pub fn code_verifier(&self) -> String {
        self.verifier.clone()
    }

    /// The request as a path with a query.
    pub fn path(&self) -> String {
        let mut url = self
            .server
            .http()
            .base()
            .join("/authorize")
            .expect("a constant");
        url.query_pairs_mut().extend_pairs(&self.parameters);
        format!("{}?{}", url.path(), url.query().unwrap_or_default())
    }

    /// Sends the request and returns the first answer.
    pub async fn ask(self) -> Answer {
        self.browser.http().get(&self.path()).await
    }

    /// Sends the request and stops at the first page.
    pub async fn open(self) -> Landing {
        self.browser.open(&self.path()).await
    }

    /// Sends the request, logs in and consents where required.
    pub async fn land(self) -> Landing {
        self.browser.walk(&self.path(), &self.user).await
    }

    /// Sends the request, logs in and consents where required, and returns the redirect to the application.
    pub async fn callback(self) -> Callback {
        self.land().await.callback()
    }

    /// Sends the request with `prompt=none` and asserts that the browser has no session.
    pub async fn assert_logged_out(self) {
        let callback = self.with("prompt", "none").open().await.callback();
        callback.assert_error("login_required", "Login required");
    }

    /// A code, not yet exchanged.
    pub async fn code(self) -> Code {
        let app = self.app;
        let verifier = self.verifier.clone();
        let with_pkce = self
            .parameters
            .iter()
            .any(|(name, _)| name == "code_challenge");
        let redirect_uri = self.parameter("redirect_uri").to_owned();
        let value = self.callback().await.code();
        Code {
            app,
            value,
            redirect_uri,
            verifier: with_pkce.then_some(verifier),
        }
    }

    /// Logs in and exchanges the code for tokens.
    pub async fn tokens(self) -> Tokens {
        let server = self.server;
        let code = self.code().await;
        Tokens::expect(server.exchange(&code).await)
    }

    /// Logs in and returns the refresh token.
    pub async fn refresh_token(self) -> String {
        self.tokens().await.refresh_token()
    }
}

/// A code, not yet exchanged, with the other parameters of its exchange.
#[derive(Clone, Debug)]
pub struct Code {
    /// The client that requested it.
    pub app: App,
    pub value: String,
    /// `redirect_uri` of the request.
    pub redirect_uri: String,
    /// The code verifier; `None` if the request had no challenge.
    pub verifier: Option<String>,
}

impl Code {
    /// The body of the exchange, without the client's own credentials.
    pub fn form(&self) -> Vec<(&str, &str)> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", self.value.as_str()),
            ("redirect_uri", self.redirect_uri.as_str()),
        ];
        form.extend(
            self.verifier
                .as_deref()
                .map(|verifier| ("code_verifier", verifier)),
        );
        form
    }
}

/// A successful answer of the token endpoint.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub body: Value,
}

impl Tokens {
    /// The tokens of an answer, which must be a success.
    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it reads as the end of a request"
    )]
    pub fn expect(answer: Answer) -> Self {
        crate::assertions::assert_token_headers(&answer);
        assert_eq!(answer.status, 200, "{answer}");
        Self {
            body: answer.json(),
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        let value = self.body.get(name)?;
        Some(
            value
                .as_str()
                .unwrap_or_else(|| panic!("`{name}` in {}", self.body))
                .to_owned(),
        )
    }

    pub fn access_token(&self) -> String {
        self.text("access_token")
            .expect("every answer has an access token")
    }

    #[track_caller]
    pub fn id_token(&self) -> String {
        self.text("id_token")
            .unwrap_or_else(|| panic!("no ID token in {}", self.body))
    }

    #[track_caller]
    pub fn refresh_token(&self) -> String {
        self.text("refresh_token")
            .unwrap_or_else(|| panic!("no refresh token in {}", self.body))
    }

    /// True if the answer has this member.
    pub fn has(&self, name: &str) -> bool {
        self.body.get(name).is_some()
    }

    /// The names in `scope`, sorted.
    pub fn scope(&self) -> Vec<String> {
        scopes(&self.text("scope").unwrap_or_default())
    }
}

/// A scope text as a sorted list.
pub fn scopes(text: &str) -> Vec<String> {
    let mut names: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    names.sort();
    names
}

impl Server {
    /// A request with the client's own authentication method.
    pub fn request_as(
        &self,
        http: &Http,
        app: &App,
        path: &str,
        form: &[(&str, &str)],
    ) -> RequestBuilder {
        let request = http.request(Method::POST, path);
        let mut form = form.to_vec();
        let assertion;
        match app.proof {
            Proof::None => form.push(("client_id", app.id)),
            Proof::Post(secret) => form.extend([("client_id", app.id), ("client_secret", secret)]),
            Proof::Basic(secret) => {
                let encoded = [form_encoded(app.id), form_encoded(secret)];
                return request
                    .basic_auth(&encoded[0], Some(&encoded[1]))
                    .form(&form);
            }
            Proof::Key => {
                assertion = jwt::assertion(app.id, self.issuer(), self.now());
                form.extend([
                    ("client_assertion_type", jwt::ASSERTION_TYPE),
                    ("client_assertion", &assertion),
                ]);
            }
        }
        request.form(&form)
    }

    /// A token request with the client's own credentials.
    pub async fn token(&self, app: &App, form: &[(&str, &str)]) -> Answer {
        send(self.request_as(&self.http(), app, "/oauth/token", form)).await
    }

    pub async fn exchange(&self, code: &Code) -> Answer {
        self.token(&code.app, &code.form()).await
    }

    /// Presents a refresh token.
    pub async fn refresh(&self, app: &App, token: &str) -> Answer {
        self.refresh_with(app, token, &[]).await
    }

    /// Presents a refresh token with further parameters.
    pub async fn refresh_with(&self, app: &App, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        form.extend(more);
        self.token(app, &form).await
    }

    /// Presents a valid refresh token.
    pub async fn refreshed(&self, app: &App, token: &str) -> Tokens {
        Tokens::expect(self.refresh(app, token).await)
    }

    /// Presents a valid rotating refresh token and returns its successor.
    pub async fn rotated(&self, app: &App, token: &str) -> String {
        self.refreshed(app, token).await.refresh_token()
    }

    /// A machine's token for the Management API.
    pub async fn management_token(&self, app: &App) -> String {
        let audience = self.url("api/v2/");
        let form = [
            ("grant_type", "client_credentials"),
            ("audience", audience.as_str()),
        ];
        Tokens::expect(self.token(app, &form).await).access_token()
    }

    /// The same for a part of the scopes that the client has been granted.
    pub async fn management_token_for(&self, app: &App, scope: &str) -> String {
        let audience = self.url("api/v2/");
        let form = [
            ("grant_type", "client_credentials"),
            ("audience", audience.as_str()),
            ("scope", scope),
        ];
        Tokens::expect(self.token(app, &form).await).access_token()
    }

    /// Deletes all consents of a user by the Management API.
    pub async fn delete_grants(&self, operator: &App, user: &User) -> Answer {
        let token = self.management_token(operator).await;
        let path = format!("/api/v2/grants?user_id={}", form_encoded(&user.id));
        let request = self.http().request(Method::DELETE, &path);
        send(request.bearer_auth(token)).await
    }

    /// Revokes a refresh token.
    pub async fn revoke(&self, app: &App, token: &str) -> Answer {
        send(self.request_as(&self.http(), app, "/oauth/revoke", &[("token", token)])).await
    }
}

/// `application/x-www-form-urlencoded`, for one value.
pub fn form_encoded(text: &str) -> String {
    let mut url = reqwest::Url::parse("http://localhost/").expect("a constant");
    url.query_pairs_mut().append_key_only(text);
    url.query().unwrap_or_default().to_owned()
}
