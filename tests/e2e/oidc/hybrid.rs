//! Plan Hybrid: a code and tokens that belong together.

use harness::{
    Server,
    apps::{User, WEB_CERTIFIED},
    jwt,
};
use jsonwebtoken::Algorithm::RS256;

use super::{HYBRID, exchanged, logged_in, runs};

/// OpenID Connect Core section 3.3.3.6. `front_channel.rs` shows that `c_hash` and `at_hash` fit.
#[harness::test]
async fn both_id_tokens_are_about_the_same_person_and_the_same_request() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    for run in runs().filter(|run| HYBRID.contains(&run.response_type)) {
        let login = run.ask(server, &browser);
        let nonce = login.parameter("nonce").to_owned();
        let response = run.granted(login).await;
        let later = exchanged(server, &response["code"]).await.id_token();
        let later = jwt::verify(server, &later, WEB_CERTIFIED.id, RS256).await;
        assert_eq!(later.claims["nonce"], nonce, "{run:?}");
        let Some(first) = response.get("id_token") else {
            continue;
        };
        let first = jwt::verify(server, first, WEB_CERTIFIED.id, RS256).await;
        for claim in ["iss", "sub", "nonce"] {
            assert_eq!(first.claims[claim], later.claims[claim], "{run:?}");
        }
        assert!(first.claims["c_hash"].is_string(), "{}", first.claims);
    }
}

#[harness::test]
async fn a_code_and_a_token_need_no_nonce() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    for run in runs().filter(|run| run.response_type == "code token") {
        let login = run.ask(server, &browser).without("nonce");
        let response = run.granted(login).await;
        let claims = run.id_token(server, &response).await;
        assert!(claims.get("nonce").is_none(), "{claims}");
    }
}
