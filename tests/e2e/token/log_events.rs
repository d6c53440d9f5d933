//! The log events of refreshes, under Auth0's event codes.

use harness::{
    Server,
    apps::{SPA_STRICT, WEB_POST},
};

#[harness::test]
async fn each_outcome_of_a_refresh_has_its_code() {
    let server = Server::start("reads the server's log");
    let first = server.login(&SPA_STRICT).refresh_token().await;
    let second = server.rotated(&SPA_STRICT, &first).await;
    server.refresh(&SPA_STRICT, &first).await;
    server.refresh(&SPA_STRICT, &second).await;
    server.refresh(&SPA_STRICT, "rt1_unknown").await;
    let revoked = server.login(&WEB_POST).refresh_token().await;
    server.revoke(&WEB_POST, &revoked).await;

    let log = server.stop();
    let events: Vec<&str> = log
        .lines()
        .filter_map(|line| line.split_once("type=\"")?.1.split_once('"'))
        .map(|(code, _)| code)
        .filter(|code| !matches!(*code, "s" | "seacft"))
        .collect();
    // Exchanged; the parent reused; the current token of an ended family; a token that is not ours; revoked.
    let ended = "refresh_token_family_ended";
    let expected = ["sertft", ended, "ferrt", "fertft", "fertft", ended, "srrt"];
    assert_eq!(events, expected, "{log}");
    for reason in ["reuse_detected", "revoked"] {
        let ends = log.lines().filter(|line| line.contains(ended));
        let logged = ends.filter(|line| line.contains(&format!("reason={reason}")));
        assert_eq!(logged.count(), 1, "{reason}: {log}");
    }
}
