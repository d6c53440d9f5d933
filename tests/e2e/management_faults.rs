//! The Management API at the worst moment: a call that fails half-way because of the store is completed by its
//! repetition.

use harness::{
    Faulty,
    apps::{AUDITOR, OPERATOR, SPA_NOTIFIED_OTHERWISE, SPA_STRICT, UNREACHABLE, User},
    assert_unknown_refresh_token, jwt,
    management::{assert_empty, assert_management_error, of_user},
    proxy::{Effect, Fault, READS, WRITES},
    receiver::{Receiver, Reply},
    tenant,
};
use reqwest::Method;

#[harness::test]
async fn a_call_that_the_store_does_not_take_is_unavailable_and_completed_by_the_next() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let ada = User::ada();
    for (method, path) in [
        (Method::DELETE, "/sessions"),
        (Method::DELETE, "/refresh-tokens"),
        (Method::POST, "/revoke-access"),
    ] {
        let browser = server.browser();
        let login = server.login(&SPA_STRICT).browser(&browser);
        let token = login.refresh_token().await;
        let token = server.rotated(&SPA_STRICT, &token).await;
        let path = of_user(&ada, path);
        for operations in [READS, WRITES] {
            // Client and tenant are in memory by now.
            let access_token = server.management_token(&OPERATOR).await;
            proxy.break_with(Fault::always(Effect::Refuse).on(operations));
            let request = server.http().request(method.clone(), &path);
            let answer = harness::send(request.bearer_auth(access_token)).await;
            assert!(proxy.mend() > 0, "nothing was hit");
            assert_management_error(
                &answer,
                503,
                "Service Unavailable",
                "The service is temporarily unavailable. Please try again.",
                "temporarily_unavailable",
            );
            assert!(answer.header("retry-after").is_some(), "{answer}");
        }
        let answer = server.manage(&OPERATOR, method, &path).await;
        assert_empty(&answer, 202);
        if !path.ends_with("/sessions") {
            assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &token).await);
        }
        if !path.ends_with("/refresh-tokens") {
            assert!(!server.is_logged_in(&browser).await);
        }
    }
}

#[harness::test]
async fn applications_hear_of_a_session_whose_end_was_not_answered() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let receiver = Receiver::start(Reply::Status(200));
    let app = SPA_NOTIFIED_OTHERWISE;
    let file = tenant::client_changed(&app, &[(UNREACHABLE, &receiver.url())]);
    server.import_tenant(file).await;
    let tokens = server.login(&app).tokens().await;
    let (_, claims) = jwt::peek(&tokens.id_token());
    let path = format!(
        "/api/v2/sessions/{}",
        claims["sid"].as_str().expect("a text")
    );
    server.shown(&AUDITOR, &path).await;
    let access_token = server.management_token(&OPERATOR).await;
    proxy.break_with(Fault::always(Effect::LoseAnswer).on(WRITES).times(1));
    let request = server.http().request(Method::DELETE, &path);
    let answer = harness::send(request.bearer_auth(access_token)).await;
    assert_eq!(proxy.mend(), 1, "no answer was lost");
    assert_empty(&answer, 202);
    assert_eq!(receiver.received().len(), 1, "{:?}", receiver.received());
}
