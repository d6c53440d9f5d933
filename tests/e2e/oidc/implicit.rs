//! Plan Implicit: tokens from the authorization endpoint, and none from the token endpoint.

use harness::{
    Server,
    apps::{User, WEB_CERTIFIED},
    assert_refused, jwt,
};
use jsonwebtoken::Algorithm::RS256;

use super::{IMPLICIT, logged_in, runs};

#[harness::test]
async fn without_nonce_there_is_no_id_token() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    for run in runs().filter(|run| run.response_type.contains("id_token")) {
        let login = run.ask(server, &browser).without("nonce");
        let response = run.response(login).await;
        assert_eq!(response["error"], "invalid_request", "{run:?}");
        assert!(!response.contains_key("id_token") && !response.contains_key("code"));
    }
}

#[harness::test]
async fn an_id_token_is_signed_with_a_published_key_and_repeats_the_nonce() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    for run in runs().filter(|run| IMPLICIT.contains(&run.response_type)) {
        let login = run.ask(server, &browser).with("nonce", "n-0S6");
        let response = run.granted(login).await;
        let verified = jwt::verify(server, &response["id_token"], WEB_CERTIFIED.id, RS256).await;
        assert_eq!(verified.claims["nonce"], "n-0S6");
        assert!(!response.contains_key("refresh_token"), "{response:?}");
    }
}

#[harness::test]
async fn an_access_token_of_the_front_channel_opens_userinfo() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = logged_in(server, &user).await;
    for run in runs().filter(|run| run.response_type.split(' ').any(|word| word == "token")) {
        let response = run.granted(run.ask(server, &browser)).await;
        assert_eq!(response["token_type"], "Bearer", "{run:?}");
        let token = &response["access_token"];
        let answer = server.http().get_with_bearer("/userinfo", token).await;
        assert_eq!(answer.json()["sub"], user.id, "{answer}");
    }
}

#[harness::test]
async fn the_token_endpoint_knows_no_implicit_grant() {
    let server = Server::shared();
    let form = [("grant_type", "implicit")];
    let answer = server.token(&WEB_CERTIFIED, &form).await;
    assert_refused(&answer);
    assert_eq!(answer.json()["error"], "unsupported_grant_type", "{answer}");
}
