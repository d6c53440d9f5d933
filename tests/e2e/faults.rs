//! A failing store invalidates no token: the answer is 503, and the same token works afterwards.

use crate::token::rotation_change::rotate_from_now_on;
use harness::{
    Faulty, Tokens,
    apps::{SPA_LEEWAY, SPA_STRICT, THIRD_PARTY, WEB_CLASSIC},
    assert_unknown_refresh_token,
    assertions::{assert_discreet, assert_unavailable},
    proxy::{Effect, Fault, READS, WRITES},
};

/// Faults that occur before the store has executed anything.
const DOWN: [Effect; 3] = [Effect::Refuse, Effect::Throttle, Effect::Fail];

#[harness::test]
async fn a_refresh_survives_a_store_that_is_down() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    for app in [SPA_STRICT, SPA_LEEWAY, WEB_CLASSIC] {
        let mut token = server.login(&app).refresh_token().await;
        for effect in DOWN {
            proxy.break_with(Fault::always(effect));
            assert_unavailable(&server.refresh(&app, &token).await);
            assert!(proxy.mend() > 0, "{effect:?} hit nothing");
            let tokens = server.refreshed(&app, &token).await;
            if tokens.has("refresh_token") {
                token = tokens.refresh_token();
            }
        }
    }
}

#[harness::test]
async fn a_refresh_survives_a_store_that_only_reads() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    for effect in DOWN {
        let token = server.login(&SPA_STRICT).refresh_token().await;
        proxy.break_with(Fault::always(effect).on(WRITES));
        assert_unavailable(&server.refresh(&SPA_STRICT, &token).await);
        assert!(proxy.mend() > 0, "{effect:?} hit nothing");
        server.rotated(&SPA_STRICT, &token).await;
    }
}

#[harness::test]
async fn a_single_fault_is_not_even_noticed() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let mut token = server.login(&SPA_STRICT).refresh_token().await;
    for effect in DOWN {
        for operations in [READS, WRITES] {
            proxy.break_with(Fault::always(effect).on(operations).times(1));
            token = server.rotated(&SPA_STRICT, &token).await;
            assert_eq!(proxy.mend(), 1, "{effect:?} hit nothing");
        }
    }
}

#[harness::test]
async fn a_commit_whose_answer_is_lost_once_still_gives_the_new_token() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    for app in [SPA_STRICT, SPA_LEEWAY] {
        let token = server.login(&app).refresh_token().await;
        proxy.break_with(Fault::always(Effect::LoseAnswer).on(WRITES).times(1));
        let second = server.rotated(&app, &token).await;
        assert_eq!(proxy.mend(), 1, "no answer was lost");
        let third = server.rotated(&app, &second).await;
        server.rotated(&app, &third).await;
    }
}

#[harness::test]
async fn a_commit_whose_answers_are_all_lost_burns_nothing() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    for app in [SPA_STRICT, SPA_LEEWAY] {
        let token = server.login(&app).refresh_token().await;
        proxy.break_with(Fault::always(Effect::LoseAnswer).on(WRITES));
        let answer = server.refresh(&app, &token).await;
        assert!(proxy.mend() > 0, "no answer was lost");

        let live = if answer.status == 200 {
            Tokens::expect(answer).refresh_token()
        } else {
            assert_unavailable(&answer);
            server.rotated(&app, &token).await
        };
        server.rotated(&app, &live).await;
    }
}

#[harness::test]
async fn a_reuse_is_refused_only_when_the_family_has_ended() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let first = server.login(&SPA_STRICT).refresh_token().await;
    let second = server.rotated(&SPA_STRICT, &first).await;
    proxy.break_with(Fault::always(Effect::Fail).on(WRITES));
    assert_unavailable(&server.refresh(&SPA_STRICT, &first).await);
    assert!(proxy.mend() > 0, "no write was tried");

    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &first).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &second).await);
}

#[harness::test]
async fn a_reuse_that_is_cut_short_at_any_write_is_completed_by_the_next() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    for passed in [0, 1] {
        let browser = server.browser();
        let login = || server.login(&THIRD_PARTY).browser(&browser);
        let first = login().refresh_token().await;
        let second = server.rotated(&THIRD_PARTY, &first).await;
        let fault = Fault::always(Effect::Fail).on(&["DeleteItem"]);
        proxy.break_with(fault.after(passed));
        assert_unavailable(&server.refresh(&THIRD_PARTY, &first).await);
        assert!(proxy.mend() > 0, "no write was tried");

        assert_unknown_refresh_token(&server.refresh(&THIRD_PARTY, &first).await);
        assert_unknown_refresh_token(&server.refresh(&THIRD_PARTY, &second).await);
        let silent = login().with("prompt", "none").callback().await;
        silent.assert_error("consent_required", "Consent required");
    }
}

#[harness::test]
async fn a_store_that_does_not_answer_is_given_up() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    proxy.break_with(Fault::always(Effect::Hold).on(READS));
    assert_unavailable(&server.refresh(&SPA_STRICT, &token).await);
    assert!(proxy.mend() > 0, "no read was held");
    server.rotated(&SPA_STRICT, &token).await;
}

#[harness::test]
async fn a_commit_that_arrives_after_the_answer_is_not_applied() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    for app in [SPA_STRICT, SPA_LEEWAY] {
        let token = server.login(&app).refresh_token().await;
        // Every attempt of the commit waits, and the write that fences it off is executed.
        proxy.break_with(Fault::always(Effect::Hold).on(WRITES).with("#generation"));
        assert_unavailable(&server.refresh(&app, &token).await);
        assert!(proxy.mend() > 0, "no commit was held");
        let second = server.rotated(&app, &token).await;
        server.rotated(&app, &second).await;
    }
}

#[harness::test]
async fn a_commit_that_arrives_after_the_answer_is_replayed_within_the_leeway() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let token = server.login(&SPA_LEEWAY).refresh_token().await;
    proxy.break_with(Fault::always(Effect::Hold).on(WRITES));
    assert_unavailable(&server.refresh(&SPA_LEEWAY, &token).await);
    assert!(proxy.mend() > 0, "no write was held");
    let second = server.rotated(&SPA_LEEWAY, &token).await;
    server.rotated(&SPA_LEEWAY, &second).await;
}

/// The exchange that changes the type of a client's rotation ends the user's other families after the commit.
#[harness::test]
async fn an_exchange_that_cannot_end_the_other_families_is_answered() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let kept = server.login(&WEB_CLASSIC).refresh_token().await;
    let sibling = server.login(&WEB_CLASSIC).refresh_token().await;
    rotate_from_now_on(server, &WEB_CLASSIC).await;

    proxy.break_with(Fault::always(Effect::Fail).on(&["Query"]));
    let rotating = server.rotated(&WEB_CLASSIC, &kept).await;
    assert!(proxy.mend() > 0, "no family was looked for");
    server.rotated(&WEB_CLASSIC, &rotating).await;
    server.rotated(&WEB_CLASSIC, &sibling).await;
}

#[harness::test]
async fn a_code_survives_a_store_that_is_down() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    for effect in DOWN {
        let code = server.login(&SPA_STRICT).code().await;
        proxy.break_with(Fault::always(effect));
        assert_unavailable(&server.exchange(&code).await);
        proxy.mend();
        Tokens::expect(server.exchange(&code).await);
    }
}

#[harness::test]
async fn a_revocation_is_acknowledged_only_when_it_has_happened() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    for effect in DOWN {
        proxy.break_with(Fault::always(effect));
        assert_unavailable(&server.revoke(&SPA_STRICT, &token).await);
        proxy.mend();
    }
    let answer = server.revoke(&SPA_STRICT, &token).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &token).await);
}

#[harness::test]
async fn a_browser_gets_temporarily_unavailable_while_the_store_is_down() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let browser = server.browser();
    server.login(&SPA_STRICT).browser(&browser).callback().await;
    let login = || server.login(&SPA_STRICT).browser(&browser);
    proxy.break_with(Fault::always(Effect::Refuse));
    let answer = login().ask().await;
    assert_discreet(&answer);
    match answer.location() {
        Some(location) => assert!(location.as_str().contains("error=temporarily_unavailable")),
        None => assert_eq!(answer.status, 503, "{answer}"),
    }
    assert!(proxy.mend() > 0, "the store was not asked");
    login()
        .with("prompt", "none")
        .open()
        .await
        .callback()
        .code();
}

#[harness::test]
async fn a_forged_token_is_refused_even_while_the_store_is_down() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let token = server.rotated(&SPA_STRICT, &token).await;
    proxy.break_with(Fault::always(Effect::Refuse));
    let forged = &token[..token.len() - 2];
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, forged).await);
    assert_eq!(proxy.mend(), 0, "the store was asked");
}
