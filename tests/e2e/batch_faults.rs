//! Reads of several items while `DynamoDB` throttles.

use harness::{
    Faulty, Tokens,
    apps::SPA_STRICT,
    assertions::assert_unavailable,
    proxy::{Effect, Fault},
};

const BATCHES: &[&str] = &["BatchGetItem"];

#[harness::test]
async fn a_read_that_is_processed_in_part_is_completed_once() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let token = server.rotated(&SPA_STRICT, &token).await;
    let fault = Fault::always(Effect::ProcessInPart).on(BATCHES);

    proxy.break_with(fault.times(1));
    let answer = server.refresh(&SPA_STRICT, &token).await;
    assert_eq!(proxy.mend(), 1, "no batch was read");
    let cost = answer.cost();
    assert_eq!((cost.read_calls, cost.read_units), (2.0, 2.0), "{cost:?}");
    let token = Tokens::expect(answer).refresh_token();
    server.rotated(&SPA_STRICT, &token).await;
}

#[harness::test]
async fn a_read_that_is_throttled_again_is_unavailable_and_burns_nothing() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    proxy.break_with(Fault::always(Effect::ProcessNothing).on(BATCHES));
    assert_unavailable(&server.refresh(&SPA_STRICT, &token).await);
    assert_eq!(proxy.mend(), 2, "the batch was not read twice");
    server.rotated(&SPA_STRICT, &token).await;
}
