//! Endpoints of the legacy pipeline that are not offered.

use harness::{
    Server,
    apps::{LEGACY_SPA, SPA_STRICT},
    assert_oauth_error,
};

#[harness::test]
async fn a_conformant_client_is_rejected_at_legacy_endpoints() {
    let http = Server::shared().http();
    for path in ["/oauth/ro", "/oauth/access_token"] {
        let answer = http.post_form(path, &[("client_id", SPA_STRICT.id)]).await;
        let words = format!("OIDC conformant clients cannot use {path}");
        assert_oauth_error(&answer, 400, "invalid_request", &words);
    }
}

#[harness::test]
async fn legacy_endpoints_are_not_found_for_all_other_clients() {
    let http = Server::shared().http();
    for path in ["/oauth/ro", "/oauth/access_token"] {
        for form in [
            vec![("client_id", LEGACY_SPA.id)],
            vec![("client_id", "unknown")],
            vec![],
        ] {
            let answer = http.post_form(path, &form).await;
            let words = format!("{path} is not available");
            assert_oauth_error(&answer, 404, "endpoint_disabled", &words);
        }
    }
}

#[harness::test]
async fn older_ones_are_unknown_paths() {
    let server = Server::shared_behind_front("asks for unknown paths");
    for path in ["/tokeninfo", "/ssodata"] {
        let answer = server.http().get(path).await;
        assert_eq!(answer.status, 404, "{answer}");
    }
}
