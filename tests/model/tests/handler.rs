//! The model's refresh makes the calls that the token function makes, in the same order. A proxy before the store of a
//! real server records them.

use harness::{
    Faulty,
    apps::{App, SPA_LEEWAY, SPA_STRICT, THIRD_PARTY},
    proxy::{Effect, Fault, WRITES},
};
use ratchet_model::{
    World,
    action::Outcome::{self, *},
    calls::{self, StoreCall},
    scenario::Scenario,
    variant::Variant,
};

const EXCHANGE: &[Outcome] = &[Succeeds; 4];
const LOST: &[Outcome] = &[Succeeds, Succeeds, Succeeds, LosesAnswer];

fn of_model(leeway: u8, requests: &[&[Outcome]]) -> Option<Vec<StoreCall>> {
    let scenario = Scenario {
        leeway,
        refreshes: 9,
        faults: 9,
        ..Scenario::QUIET
    };
    let variant = Variant::Product;
    calls::of_requests(&World { scenario, variant }, requests)?.pop()
}

/// The calls that one refresh of the real server makes for the family. The SDK repeats a call that fails: repeated ones
/// count once.
async fn of_server(
    faulty: &Faulty,
    app: &App,
    token: &str,
    fault: Option<Fault>,
) -> Vec<StoreCall> {
    faulty.proxy.take_requests();
    if let Some(fault) = fault {
        faulty.proxy.break_with(fault);
    }
    faulty.server.refresh(app, token).await;
    faulty.proxy.mend();
    let mut calls = Vec::new();
    for (operation, body) in faulty.proxy.take_requests() {
        let has = |words: &str| body.contains(words);
        let call = match operation.as_str() {
            "BatchGetItem" => Some(StoreCall::Load),
            "GetItem" if has("FAMILY_OF#") => Some(StoreCall::Reread),
            "UpdateItem" if has("ADD fence") => Some(StoreCall::Fence),
            "UpdateItem" if has("#generation") => Some(StoreCall::Commit),
            "DeleteItem" if has("FAMILY_OF#") => Some(StoreCall::EndFamily),
            "DeleteItem" => Some(StoreCall::EndConsent),
            _ => None,
        };
        if call.is_some() && calls.last().copied() != call {
            calls.extend(call);
        }
    }
    calls
}

#[tokio::test(flavor = "multi_thread")]
async fn the_functions_make_the_calls_of_the_model_in_its_order() {
    let faulty = Faulty::start();
    let server = &faulty.server;

    let first = server.login(&SPA_LEEWAY).refresh_token().await;
    let exchange = of_server(&faulty, &SPA_LEEWAY, &first, None).await;
    assert_eq!(Some(exchange), of_model(10, &[EXCHANGE]));
    let replay = of_server(&faulty, &SPA_LEEWAY, &first, None).await;
    assert_eq!(Some(replay), of_model(10, &[LOST, &[Succeeds; 3]]));

    let first = server.login(&THIRD_PARTY).refresh_token().await;
    server.rotated(&THIRD_PARTY, &first).await;
    let reuse = of_server(&faulty, &THIRD_PARTY, &first, None).await;
    assert_eq!(Some(reuse), of_model(0, &[LOST, &[Succeeds; 4]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_unknown_outcome_is_followed_by_the_calls_of_the_model() {
    let faulty = Faulty::start();
    let token = faulty.server.login(&SPA_STRICT).refresh_token().await;

    let failing = Fault::always(Effect::Fail).on(WRITES);
    let found = of_server(
        &faulty,
        &SPA_STRICT,
        &token,
        Some(failing.with("#generation")),
    )
    .await;
    let expected = of_model(0, &[&[Succeeds, Succeeds, Fails, Succeeds, Succeeds]]);
    assert_eq!(Some(found), expected);

    let found = of_server(&faulty, &SPA_STRICT, &token, Some(failing)).await;
    let expected = of_model(
        0,
        &[&[Succeeds, Succeeds, Fails, Fails, Succeeds, Succeeds]],
    );
    assert_eq!(Some(found), expected);
}
