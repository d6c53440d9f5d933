//! Requirements that the plans Basic, Implicit, Hybrid and Form Post repeat for each response type.

use harness::{
    Landing, Server,
    apps::{User, WEB_CERTIFIED},
    assert_error_page, jwt,
};

use super::{logged_in, runs};

#[harness::test]
async fn optional_hints_of_a_request_do_not_stop_it() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    for run in runs() {
        for (name, value) in [
            ("display", "page"),
            ("display", "popup"),
            ("ui_locales", "se"),
            ("claims_locales", "se"),
            ("acr_values", "1 2"),
            ("login_hint", "buffy@example.org"),
            ("extra", "foobar"),
            ("claims", r#"{"userinfo":{"name":{"essential":true}}}"#),
            ("claims", r#"{"id_token":{"name":{"essential":true}}}"#),
            ("max_age", "10000"),
            ("prompt", "none"),
        ] {
            run.granted(run.ask(server, &browser).with(name, value))
                .await;
        }
    }
}

#[harness::test]
async fn scopes_come_in_any_order() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    for run in runs() {
        let login = run.ask(server, &browser).scope("email openid");
        let response = run.granted(login).await;
        let claims = run.id_token(server, &response).await;
        assert_eq!(claims["email"], "ada@example.com", "{run:?}");
    }
}

#[harness::test]
async fn each_scope_opens_its_claims() {
    let server = Server::shared();
    let browser = logged_in(server, &User::iris()).await;
    for (scope, claim, value) in [
        ("openid profile", "name", "Iris Telephone"),
        ("openid email", "email", "iris@example.com"),
        ("openid phone", "phone_number", "+441632960000"),
    ] {
        for run in runs() {
            let response = run.granted(run.ask(server, &browser).scope(scope)).await;
            let claims = run.id_token(server, &response).await;
            assert_eq!(claims[claim], value, "{run:?}");
        }
    }
    // The user has no address, and requesting it is not an error.
    for run in runs() {
        let all = "openid profile email address phone";
        let response = run.granted(run.ask(server, &browser).scope(all)).await;
        let claims = run.id_token(server, &response).await;
        assert_eq!(claims["phone_number_verified"], true, "{run:?}");
        assert!(claims.get("address").is_none(), "{claims}");
    }
}

#[harness::test]
async fn prompt_none_answers_for_the_same_user_and_login() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    for run in runs() {
        let ask = || run.ask(server, &browser).with("max_age", "10000");
        let response = run.granted(ask()).await;
        let first = run.id_token(server, &response).await;
        let response = run.granted(ask().with("prompt", "none")).await;
        let second = run.id_token(server, &response).await;
        for name in ["iss", "sub", "auth_time"] {
            assert!(!first[name].is_null(), "{name}: {first}");
            assert_eq!(first[name], second[name], "{name}");
        }
    }
}

#[harness::test]
async fn prompt_none_without_a_session_is_login_required() {
    let server = Server::shared();
    for run in runs() {
        let login = run.ask(server, &server.browser()).with("prompt", "none");
        assert_eq!(
            run.response(login).await["error"],
            "login_required",
            "{run:?}"
        );
    }
}

#[harness::test]
async fn prompt_login_and_an_expired_max_age_show_the_login_page() {
    let server = Server::start("moves the clock");
    let browser = logged_in(&server, &User::ada()).await;
    for run in runs() {
        server.advance(2).await;
        for (name, value) in [("prompt", "login"), ("max_age", "1")] {
            let login = run.ask(&server, &browser).with(name, value);
            login.open().await.page_at("/u/login");
        }
    }
}

#[harness::test]
async fn an_id_token_of_the_session_answers_silently() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    for run in runs() {
        let response = run.granted(run.ask(server, &browser)).await;
        let hint = run.id_token_text(server, &response).await;
        let login = run.ask(server, &browser).with("id_token_hint", &hint);
        let response = run.granted(login.with("prompt", "none")).await;
        assert_eq!(run.id_token(server, &response).await["sub"], User::ada().id);
    }
}

/// OpenID Connect Core section 3.1.2.2: never tokens for a user other than the hint's.
#[harness::test]
async fn a_hint_of_another_user_is_never_answered_for_the_session() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    let theirs = server.login(&WEB_CERTIFIED).user(&User::zoe());
    let hint = theirs.tokens().await.id_token();
    for run in runs() {
        let ask = || run.ask(server, &browser).with("id_token_hint", &hint);
        let response = run.response(ask().with("prompt", "none")).await;
        assert_eq!(response["error"], "login_required", "{run:?}");
        assert!(!response.contains_key("code") && !response.contains_key("id_token"));
        ask().open().await.page_at("/u/login");
    }
}

#[harness::test]
async fn the_user_who_logs_in_has_to_match_the_hint() {
    let server = Server::shared();
    let theirs = server.login(&WEB_CERTIFIED).user(&User::zoe());
    let hint = theirs.tokens().await.id_token();
    let ask = || server.login(&WEB_CERTIFIED).with("id_token_hint", &hint);
    let callback = ask().user(&User::ada()).callback().await;
    callback.assert_error("login_required", "Login required");
    ask().user(&User::zoe()).callback().await.code();
}

#[harness::test]
async fn a_foreign_or_invalid_id_token_is_no_hint() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    let login = server.login(&WEB_CERTIFIED).browser(&browser);
    let hint = login.tokens().await.id_token();
    let (_, claims) = jwt::peek(&hint);
    for bad in [
        "nonsense".to_owned(),
        jwt::tampered(&hint),
        jwt::unsigned(&claims),
        jwt::sign(&claims, harness::apps::OTHER_KEY),
    ] {
        for run in runs() {
            let login = run.ask(server, &browser).with("id_token_hint", &bad);
            assert_eq!(
                run.response(login).await["error"],
                "invalid_request",
                "{run:?}"
            );
        }
    }
}

#[harness::test]
async fn request_objects_are_refused_as_not_supported() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    let claims = serde_json::json!({ "scope": "openid", "client_id": WEB_CERTIFIED.id });
    let object = jwt::unsigned(&claims);
    for run in runs() {
        for (name, value, error) in [
            ("request", object.as_str(), "request_not_supported"),
            (
                "request_uri",
                "https://certified.example.com/request.jwt",
                "request_uri_not_supported",
            ),
            ("registration", "{}", "registration_not_supported"),
        ] {
            let response = run
                .response(run.ask(server, &browser).with(name, value))
                .await;
            assert_eq!(response["error"], error, "{run:?}");
            assert!(!response.contains_key("code"), "{response:?}");
        }
    }
}

#[harness::test]
async fn an_unregistered_callback_gets_no_response() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    let good = serde_json::json!({ "redirect_uri": WEB_CERTIFIED.callback });
    for run in runs() {
        let ask = |uri: &str| run.ask(server, &browser).with("redirect_uri", uri);
        for uri in [
            "https://certified.example.com/callback/other",
            "https://certified.example.com/callback?foo=bar",
        ] {
            assert_error_page(&ask(uri).ask().await, "Callback URL mismatch");
            // A request object, which the server does not read, does not make it valid either.
            let login = ask(uri).with("request", &jwt::unsigned(&good));
            assert_error_page(&login.ask().await, "Callback URL mismatch");
        }
    }
}

#[harness::test]
async fn prompt_none_is_alone_and_unknown_prompts_are_rejected() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    for run in runs() {
        for prompt in ["none login", "none consent", "telepathy"] {
            let login = run.ask(server, &browser).with("prompt", prompt);
            assert_eq!(
                run.response(login).await["error"],
                "invalid_request",
                "{run:?}"
            );
        }
    }
}

#[harness::test]
async fn a_mode_that_does_not_exist_is_refused_in_the_types_own_place() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    for run in runs().filter(|run| !run.form_post) {
        let login = run.ask(server, &browser).with("response_mode", "telepathy");
        assert_eq!(
            run.response(login).await["error"],
            "invalid_request",
            "{run:?}"
        );
    }
}

#[harness::test]
async fn a_request_by_post_is_answered_as_one_by_get() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    for run in runs() {
        let login = run.ask(server, &browser);
        let form = login.parameters();
        let answer = browser.http().post_form("/authorize", &form).await;
        let posted = match browser.follow(answer).await {
            Landing::Page(page) if run.form_post => super::form(&page),
            Landing::Callback(callback) if !run.form_post => {
                let name = |name: String| (name, String::new());
                callback.names().into_iter().map(name).collect()
            }
            landing => panic!("{run:?} led to {landing:?}"),
        };
        let response = run.granted(login).await;
        assert!(posted.keys().eq(response.keys()), "{posted:?} {response:?}");
    }
}
