//! Polling: the answers to a device, and their order.

use harness::{
    Answer, Cost, Server, Tokens,
    apps::{NATIVE, TV, TV_PARTNER, User},
    assert_oauth_error,
};

use super::{
    GRANT_TYPE, Waiting, assert_invalid, assert_pending, assert_wrong_code, begin, poll_at_once,
    press,
};

const MOVES: &str = "moves the clock";

#[track_caller]
fn assert_slowed_down(answer: &Answer) {
    let text = "You are polling faster than the specified interval of 5 seconds.";
    assert_oauth_error(answer, 429, "slow_down", text);
    let wait = answer.header("retry-after").unwrap_or_default();
    assert!(
        wait.parse().is_ok_and(|wait: u64| (1..=5).contains(&wait)),
        "{answer}"
    );
}

#[track_caller]
fn assert_expired(answer: &Answer) {
    assert_oauth_error(answer, 403, "expired_token", "The device code has expired.");
}

#[harness::test]
async fn a_poll_too_fast_gets_slow_down_and_does_not_lengthen_the_interval() {
    let server = Server::start(MOVES);
    let waiting = begin(&server, &TV).await;
    waiting.assert_pending(&server).await;
    for _ in 0..3 {
        assert_slowed_down(&waiting.poll(&server).await);
    }
    server.advance(3).await;
    assert_slowed_down(&waiting.poll(&server).await);
    server.advance(5).await;
    waiting.assert_pending(&server).await;
    assert_slowed_down(&waiting.poll(&server).await);
}

#[harness::test]
async fn two_polls_at_once_are_one_too_many() {
    let server = Server::shared();
    let waiting = begin(server, &TV).await;
    let (one, two) = tokio::join!(waiting.poll(server), waiting.poll(server));
    let (pending, slow) = if one.status == 403 {
        (one, two)
    } else {
        (two, one)
    };
    assert_pending(&pending);
    assert_slowed_down(&slow);
}

#[harness::test]
async fn a_confirmed_device_gets_its_tokens_without_waiting() {
    let server = Server::shared();
    let waiting = begin(server, &TV).await;
    waiting.assert_pending(server).await;
    waiting.connect(server, &User::ada()).await;
    Tokens::expect(waiting.poll(server).await);
}

#[harness::test]
async fn the_expiry_is_reported_exactly_once() {
    let server = Server::start(MOVES);
    let (idle, confirmed) = (begin(&server, &TV).await, begin(&server, &TV).await);
    confirmed.connect(&server, &User::ada()).await;
    let browser = server.browser();
    let page = idle.scan(&browser).await;
    server.advance(899).await;
    idle.assert_pending(&server).await;
    server.advance(1).await;
    assert_wrong_code(&browser.open(&idle.link).await.page());
    super::assert_over(&press(&browser, &page, "confirm").await.page());
    for waiting in [idle, confirmed] {
        assert_expired(&waiting.poll(&server).await);
        for _ in 0..2 {
            assert_invalid(&waiting.poll(&server).await);
        }
    }
}

#[harness::test]
async fn one_of_many_concurrent_polls_gets_expired_token() {
    let server = Server::start(MOVES);
    let waiting = begin(&server, &TV).await;
    server.advance(900).await;
    let answers = poll_at_once(&server, &waiting, 8).await;
    let (expired, late): (Vec<_>, Vec<_>) = answers
        .iter()
        .partition(|answer| answer.json()["error"] == "expired_token");
    assert_eq!((expired.len(), late.len()), (1, 7));
    late.into_iter().for_each(assert_invalid);
}

#[harness::test]
async fn unknown_forged_foreign_and_used_codes_are_refused_alike() {
    let server = Server::shared();
    let waiting = begin(server, &TV).await;
    let poll = async |code: &str| {
        let form = [("grant_type", GRANT_TYPE), ("device_code", code)];
        server.token(&TV, &form).await
    };
    let code = &waiting.device_code;
    let refresh_token = code.replacen("dc1_", "rt1_", 1);
    for wrong in ["x", "dc1_", &code[..code.len() - 2], &refresh_token] {
        assert_invalid(&poll(wrong).await);
    }
    assert_invalid(&server.token(&TV_PARTNER, &waiting.form()).await);
    let text = "Missing required parameter: device_code";
    assert_oauth_error(&poll("").await, 400, "invalid_request", text);
    let text = format!("Grant type '{GRANT_TYPE}' not allowed for the client.");
    let answer = server.token(&NATIVE, &waiting.form()).await;
    assert_oauth_error(&answer, 403, "unauthorized_client", &text);

    waiting.connect(server, &User::ada()).await;
    let tokens = Tokens::expect(waiting.poll(server).await);
    for _ in 0..2 {
        assert_invalid(&waiting.poll(server).await);
    }
    // Two polling loops of one device are not treated as theft: its tokens stay valid.
    server.rotated(&TV, &tokens.refresh_token()).await;
}

#[harness::test]
async fn a_poll_that_waits_is_one_read_and_one_write_and_a_hasty_one_writes_nothing() {
    let server = Server::shared_local("reads what each request cost");
    let waiting: Waiting = begin(server, &TV).await;
    begin(server, &TV).await.assert_pending(server).await;
    let cost = waiting.poll(server).await.cost();
    let units = (cost.read_units, cost.write_units);
    assert_eq!(
        (cost.read_calls, cost.write_calls, units),
        (1.0, 1.0, (1.0, 1.0))
    );
    let hasty = waiting.poll(server).await;
    assert_slowed_down(&hasty);
    assert_eq!(
        (hasty.cost().read_calls, hasty.cost().write_calls),
        (1.0, 0.0)
    );
    let form = [("grant_type", GRANT_TYPE), ("device_code", "dc1_none")];
    let forged = server.token(&TV, &form).await;
    assert_invalid(&forged);
    assert_eq!(forged.cost(), Cost::NOTHING);
}

#[harness::test]
async fn each_refusal_of_the_flow_has_its_code_in_the_log() {
    let server = Server::start("reads the server's log");
    super::ask(&server, &NATIVE, &[]).await;
    let waiting = begin(&server, &TV).await;
    let browser = server.browser();
    let wrong = browser.open("/activate?user_code=BCDF-GHJK").await;
    assert_wrong_code(&wrong.page());
    let page = waiting.scan(&browser).await;
    press(&browser, &page, "cancel").await.page();
    super::assert_declined(&waiting.poll(&server).await);
    let connected = begin(&server, &TV).await;
    connected.connect(&server, &User::ada()).await;
    Tokens::expect(connected.poll(&server).await);
    let log = server.stop();
    for event in ["fdeaz", "fdeac", "fdecc", "fede", "sede"] {
        let field = format!("type=\"{event}\"");
        assert!(log.contains(&field), "no `{event}` in {log}");
    }
}
