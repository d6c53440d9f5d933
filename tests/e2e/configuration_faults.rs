//! The tenant's configuration while the store does not answer, and while a replica lags.

use harness::{
    Answer, Faulty, Server, Tokens,
    apps::{API, App, M2M, SPA_STRICT, WEB_KEY},
    assertions::assert_unavailable,
    http::send,
    proxy::{Effect, Fault, READS},
};
use serde_json::json;

/// A machine's token needs configuration and nothing else of the store.
async fn ask(server: &Server, app: &App) -> Answer {
    let form = [("grant_type", "client_credentials"), ("audience", API)];
    server.token(app, &form).await
}

#[harness::test]
async fn the_configuration_that_was_read_last_is_the_fallback_for_ten_minutes() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    Tokens::expect(ask(server, &M2M).await);
    proxy.break_with(Fault::always(Effect::Throttle));
    for seconds in [61, 539] {
        server.advance(seconds - 1).await;
        Tokens::expect(ask(server, &M2M).await);
        assert_unavailable(&ask(server, &WEB_KEY).await);
        server.advance(1).await;
    }
    assert_unavailable(&ask(server, &M2M).await);
    assert!(proxy.mend() > 0, "nothing was read");
    Tokens::expect(ask(server, &M2M).await);
}

#[harness::test]
async fn a_deleted_client_is_rejected_within_75_seconds_and_is_no_fallback() {
    let Faulty {
        server,
        proxy,
        store,
        ..
    } = &Faulty::start();
    Tokens::expect(ask(server, &M2M).await);
    let key = json!({ "PK": { "S": "TENANT" }, "SK": { "S": "CLIENT#m2m" } });
    let delete = json!({ "TableName": "ratchet", "Key": key });
    let deleted = store.store_request("DeleteItem", &delete, store.dynamodb_key());
    assert_eq!(send(deleted).await.status, 200);

    server.advance(75).await;
    let refused = ask(server, &M2M).await;
    assert_eq!(refused.status, 401, "{refused}");
    proxy.break_with(Fault::always(Effect::Throttle));
    assert_unavailable(&ask(server, &M2M).await);
    assert!(proxy.mend() > 0, "nothing was read");
}

#[harness::test]
async fn a_replica_that_lacks_clients_and_apis_rejects_none() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    proxy.break_with(Fault::always(Effect::Lag).on(READS));
    server.advance(75).await;
    Tokens::expect(ask(server, &M2M).await);
    let token = server.rotated(&SPA_STRICT, &token).await;
    server.rotated(&SPA_STRICT, &token).await;
    assert!(proxy.mend() > 0, "nothing was read");
}
