//! `/api/v2/sessions` and `/api/v2/users/{id}/sessions` of the Management API: a user's sessions, and their end.

use harness::{
    Answer, Browser, Launch, Server,
    apps::UNREACHABLE,
    apps::{
        AUDITOR, App, OPERATOR, SPA_NOTIFIED_OTHERWISE, SPA_STRICT, User, WEB_NOTIFIED, WEB_POST,
    },
    assert_unknown_refresh_token, jwt,
    management::{
        assert_empty, assert_inexistent, assert_management_error, assert_missing_scope,
        assert_no_such_id, assert_query_error, of_user,
    },
    receiver::{Receiver, Reply},
    tenant,
};
use reqwest::Method;
use serde_json::{Value, json};

/// A browser with a session, and the tokens of its application.
struct LoggedIn {
    browser: Browser,
    sid: String,
    refresh_token: String,
}

async fn log_in(server: &Server, app: &App, user: &User) -> LoggedIn {
    let browser = server.browser();
    let login = server.login(app).user(user).browser(&browser);
    let tokens = login.tokens().await;
    let (_, claims) = jwt::peek(&tokens.id_token());
    LoggedIn {
        browser,
        sid: claims["sid"].as_str().expect("`sid` is a text").to_owned(),
        refresh_token: tokens.refresh_token(),
    }
}

fn path_of(sid: &str) -> String {
    format!("/api/v2/sessions/{sid}")
}

async fn delete(server: &Server, path: &str) -> Answer {
    server.manage(&OPERATOR, Method::DELETE, path).await
}

/// The ids of a list of sessions.
fn ids(page: &Value) -> Vec<String> {
    let sessions = page["sessions"].as_array().expect("a list of sessions");
    let ids = sessions.iter().map(|session| &session["id"]);
    ids.map(|id| id.as_str().expect("an id").to_owned())
        .collect()
}

#[harness::test]
async fn the_sid_of_an_id_token_is_the_id_of_its_session() {
    let server = Server::shared();
    let user = server.fresh_user();
    let ada = log_in(server, &SPA_STRICT, &user).await;
    let login = server.login(&WEB_POST).browser(&ada.browser);
    login.user(&user).tokens().await;
    let session = server.shown(&AUDITOR, &path_of(&ada.sid)).await;
    assert_eq!(session["id"], ada.sid, "{session}");
    assert_eq!(session["user_id"], user.id, "{session}");
    let clients = json!([{ "client_id": "spa-strict" }, { "client_id": "web-post" }]);
    assert_eq!(session["clients"], clients, "{session}");
    for time in [
        "created_at",
        "authenticated_at",
        "idle_expires_at",
        "expires_at",
    ] {
        let text = session[time].as_str().unwrap_or_default();
        assert!(text.ends_with('Z'), "{time} in {session}");
    }
    let method = &session["authentication"]["methods"][0];
    assert_eq!(method["name"], "pwd", "{session}");
    assert_eq!(
        method["timestamp"], session["authenticated_at"],
        "{session}"
    );
    assert_eq!(
        session["cookie"],
        json!({ "mode": "persistent" }),
        "{session}"
    );
}

#[harness::test]
async fn a_sid_says_nothing_about_its_user_and_stays_the_same() {
    let server = Server::shared();
    let user = server.fresh_user();
    let here = log_in(server, &SPA_STRICT, &user).await;
    let there = log_in(server, &SPA_STRICT, &user).await;
    assert_ne!(here.sid, there.sid);
    let part = user.id.trim_start_matches("auth0|");
    assert!(!here.sid.contains(part), "{}", here.sid);
    let again = server.login(&WEB_POST).user(&user).browser(&here.browser);
    let (_, claims) = jwt::peek(&again.tokens().await.id_token());
    assert_eq!(claims["sid"], here.sid);
}

#[harness::test]
async fn a_deleted_session_logs_one_browser_out_and_leaves_refresh_tokens() {
    let server = Server::shared();
    let user = server.fresh_user();
    let gone = log_in(server, &SPA_STRICT, &user).await;
    let stays = log_in(server, &SPA_STRICT, &user).await;
    assert_empty(&delete(server, &path_of(&gone.sid)).await, 202);

    assert!(!server.is_logged_in(&gone.browser).await);
    assert!(server.is_logged_in(&stays.browser).await);
    server.rotated(&SPA_STRICT, &gone.refresh_token).await;
    let answer = server
        .manage(&AUDITOR, Method::GET, &path_of(&gone.sid))
        .await;
    assert_inexistent(&answer, "session");
    // A second deletion changes nothing.
    assert_empty(&delete(server, &path_of(&gone.sid)).await, 202);
}

#[harness::test]
async fn a_revoked_session_ends_the_refresh_tokens_that_began_in_it() {
    let server = Server::shared();
    let user = server.fresh_user();
    let gone = log_in(server, &SPA_STRICT, &user).await;
    let other_app = server.login(&WEB_POST).user(&user).browser(&gone.browser);
    let other_app = other_app.refresh_token().await;
    let rotated = server.rotated(&SPA_STRICT, &gone.refresh_token).await;
    let stays = log_in(server, &SPA_STRICT, &user).await;
    let path = format!("{}/revoke", path_of(&gone.sid));
    assert_empty(&server.manage(&OPERATOR, Method::POST, &path).await, 202);

    assert!(!server.is_logged_in(&gone.browser).await);
    assert!(server.is_logged_in(&stays.browser).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &rotated).await);
    assert_unknown_refresh_token(&server.refresh(&WEB_POST, &other_app).await);
    server.rotated(&SPA_STRICT, &stays.refresh_token).await;
    let again = server.manage(&OPERATOR, Method::POST, &path).await;
    assert_inexistent(&again, "session");
}

#[harness::test]
async fn refresh_tokens_end_by_their_session_after_it_was_deleted_too() {
    let server = Server::shared();
    let user = server.fresh_user();
    let gone = log_in(server, &SPA_STRICT, &user).await;
    assert_empty(&delete(server, &path_of(&gone.sid)).await, 202);
    // The session is gone; the call still ends its remains.
    let path = format!("{}/revoke", path_of(&gone.sid));
    assert_empty(&server.manage(&OPERATOR, Method::POST, &path).await, 202);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &gone.refresh_token).await);
}

#[harness::test]
async fn a_users_sessions_are_listed_page_by_page() {
    let server = Server::shared();
    let user = server.fresh_user();
    assert_eq!(
        server.shown(&AUDITOR, &of_user(&user, "/sessions")).await,
        json!({ "sessions": [] })
    );
    let mut sids = Vec::new();
    for _ in 0..3 {
        sids.push(log_in(server, &SPA_STRICT, &user).await.sid);
    }
    let list = async |query: &str| {
        let path = of_user(&user, &format!("/sessions{query}"));
        server.shown(&AUDITOR, &path).await
    };
    let all = list("").await;
    assert_eq!(all.get("next"), None, "{all}");
    let mut listed = ids(&all);
    let first = list("?take=2&include_totals=true").await;
    let next = first["next"].as_str().expect("there is more");
    assert_eq!(ids(&first), listed[..2], "{first}");
    let second = list(&format!("?take=2&from={next}")).await;
    assert_eq!(ids(&second), listed[2..], "{second}");
    assert_eq!(second.get("next"), None, "{second}");
    let exactly = list("?take=3").await;
    assert_eq!(exactly.get("next"), None, "{exactly}");
    listed.sort_unstable();
    sids.sort_unstable();
    assert_eq!(listed, sids);
}

#[harness::test]
async fn a_list_names_the_invalid_parameter_of_its_query() {
    let server = Server::shared();
    let (user, other) = (server.fresh_user(), server.fresh_user());
    let theirs = log_in(server, &SPA_STRICT, &other).await.sid;
    for (query, reason) in [
        ("take=0", "take must be between 1 and 100"),
        ("take=101", "take must be between 1 and 100"),
        ("take=x", "take must be a number"),
        ("from=x", "from is no cursor of this list"),
        (&format!("from={theirs}"), "from is no cursor of this list"),
    ] {
        let path = of_user(&user, &format!("/sessions?{query}"));
        let answer = server.manage(&AUDITOR, Method::GET, &path).await;
        assert_query_error(&answer, reason);
    }
}

#[harness::test]
async fn all_sessions_of_a_user_are_deleted_at_once() {
    let server = Server::shared();
    let (user, other) = (server.fresh_user(), server.fresh_user());
    let mut browsers = Vec::new();
    for _ in 0..3 {
        browsers.push(log_in(server, &SPA_STRICT, &user).await);
    }
    let others = log_in(server, &SPA_STRICT, &other).await;
    assert_empty(&delete(server, &of_user(&user, "/sessions")).await, 202);
    for gone in &browsers {
        assert!(!server.is_logged_in(&gone.browser).await);
        server.rotated(&SPA_STRICT, &gone.refresh_token).await;
    }
    assert!(server.is_logged_in(&others.browser).await);
    let left = server.shown(&AUDITOR, &of_user(&user, "/sessions")).await;
    assert_eq!(left, json!({ "sessions": [] }));
}

#[harness::test]
async fn an_unknown_user_is_reported_as_inexistent() {
    let server = Server::shared();
    let unknown = User {
        id: "auth0|mistyped".to_owned(),
        ..User::ada()
    };
    let path = of_user(&unknown, "/sessions");
    for method in [Method::GET, Method::DELETE] {
        let answer = server.manage(&OPERATOR, method, &path).await;
        assert_inexistent(&answer, "user");
    }
}

#[harness::test]
async fn an_id_that_is_no_sessions_is_refused() {
    let server = Server::shared();
    let user = server.fresh_user();
    let refresh_token = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    let hexadecimal = "0f8fad5bd9cb469fa16570867728950e";
    for id in ["nonsense", "si1_AAAA", hexadecimal, refresh_token.as_str()] {
        assert_no_such_id(&delete(server, &path_of(id)).await);
        let answer = server.manage(&AUDITOR, Method::GET, &path_of(id)).await;
        assert_inexistent(&answer, "session");
        let path = format!("{}/revoke", path_of(id));
        assert_no_such_id(&server.manage(&OPERATOR, Method::POST, &path).await);
    }
    server.rotated(&SPA_STRICT, &refresh_token).await;
}

#[harness::test]
async fn a_session_that_is_over_is_not_shown() {
    let server = Server::start("moves the clock");
    let ada = log_in(&server, &SPA_STRICT, &User::ada()).await;
    // Auth0's idle lifetime.
    server.advance(3 * 86_400).await;
    let answer = server
        .manage(&AUDITOR, Method::GET, &path_of(&ada.sid))
        .await;
    assert_inexistent(&answer, "session");
    let list = server
        .shown(&AUDITOR, &of_user(&User::ada(), "/sessions"))
        .await;
    assert_eq!(list, json!({ "sessions": [] }));
}

#[harness::test]
async fn each_call_wants_its_scope() {
    let server = Server::shared();
    let user = server.fresh_user();
    let ada = log_in(server, &SPA_STRICT, &user).await;
    let revoke = format!("{}/revoke", path_of(&ada.sid));
    for (method, path) in [
        (Method::DELETE, path_of(&ada.sid)),
        (Method::DELETE, of_user(&user, "/sessions")),
        (Method::POST, revoke.clone()),
        (Method::POST, of_user(&user, "/revoke-access")),
    ] {
        let answer = server.manage(&AUDITOR, method, &path).await;
        assert_missing_scope(&answer, "delete:sessions");
    }
    let token = server
        .management_token_for(&OPERATOR, "delete:sessions")
        .await;
    for path in [revoke, of_user(&user, "/revoke-access")] {
        let request = server.http().request(Method::POST, &path);
        let answer = harness::send(request.bearer_auth(&token)).await;
        assert_missing_scope(&answer, "delete:refresh_tokens");
    }
    for path in [path_of(&ada.sid), of_user(&user, "/sessions")] {
        let answer = server.http().get_with_bearer(&path, &token).await;
        assert_missing_scope(&answer, "read:sessions");
        let answer = server.http().get(&path).await;
        assert_management_error(
            &answer,
            401,
            "Unauthorized",
            "Missing authentication",
            "missing_authentication",
        );
    }
    assert!(server.is_logged_in(&ada.browser).await);
}

#[harness::test]
async fn applications_that_want_to_know_of_revoked_sessions_are_sent_a_logout_token() {
    for operation in ["delete", "revoke", "delete all", "revoke access"] {
        let receiver = Receiver::start(Reply::Status(200));
        let file = tenant::base().replace(UNREACHABLE, &receiver.url());
        let reason = "listens to what a server of its own posts";
        let server = Launch::new().tenant(file).start(reason);
        let ada = User::ada();
        let session = log_in(&server, &SPA_NOTIFIED_OTHERWISE, &ada).await;
        let login = server.login(&WEB_NOTIFIED).browser(&session.browser);
        login.tokens().await;
        let path = path_of(&session.sid);
        let (method, path) = match operation {
            "delete" => (Method::DELETE, path),
            "revoke" => (Method::POST, format!("{path}/revoke")),
            "delete all" => (Method::DELETE, of_user(&ada, "/sessions")),
            _ => (Method::POST, of_user(&ada, "/revoke-access")),
        };
        assert_empty(&server.manage(&OPERATOR, method, &path).await, 202);
        // The other application has Auth0's default: it is notified of logouts that an application initiates.
        let posts = receiver.received();
        let targets: Vec<_> = posts.iter().map(|post| post.target.as_str()).collect();
        assert_eq!(targets, ["POST /revocations"], "{operation}");
        let token = posts[0].field("logout_token").expect("a logout token");
        let (_, claims) = jwt::peek(&token);
        assert_eq!(claims["sid"], session.sid, "{claims}");
        assert_eq!(claims["sub"], ada.id, "{claims}");
    }
}
