//! Logouts at the worst moment: during a store failure, and during a visit in another tab.

use harness::{
    Faulty,
    apps::{SPA_STRICT, UNREACHABLE, WEB_NOTIFIED},
    proxy::{Effect, Fault, READS, WRITES},
    receiver::{Receiver, Reply},
    tenant,
};
use tokio::task::block_in_place;

#[harness::test]
async fn a_logout_that_the_store_does_not_take_ends_nothing_and_may_be_repeated() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).browser(&browser);
    login().callback().await;
    for path in ["/v2/logout", "/oidc/logout"] {
        for operations in [READS, WRITES] {
            // The confirmation page of `/oidc/logout` writes nothing.
            if path == "/oidc/logout" && operations == WRITES {
                continue;
            }
            proxy.break_with(Fault::always(Effect::Refuse).on(operations));
            let answer = browser.http().get(path).await;
            assert!(proxy.mend() > 0, "nothing was hit");
            assert_eq!(answer.status, 503, "{answer}");
            assert!(answer.header("retry-after").is_some(), "{answer}");
            assert!(answer.set_cookies().is_empty(), "{answer}");
        }
    }
    login()
        .with("prompt", "none")
        .open()
        .await
        .callback()
        .code();
    assert_eq!(browser.http().get("/v2/logout").await.status, 302);
    login().assert_logged_out().await;
}

#[harness::test]
async fn applications_hear_of_a_logout_whose_answer_was_lost() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let receiver = Receiver::start(Reply::Status(200));
    let file = tenant::client_changed(&WEB_NOTIFIED, &[(UNREACHABLE, &receiver.url())]);
    server.import_tenant(file).await;
    let browser = server.browser();
    let login = server.login(&WEB_NOTIFIED).browser(&browser);
    login.callback().await.code();
    proxy.break_with(Fault::always(Effect::LoseAnswer).on(WRITES).times(1));
    assert_eq!(browser.http().get("/v2/logout").await.status, 302);
    assert_eq!(proxy.mend(), 1, "no answer was lost");
    assert_eq!(receiver.received().len(), 1, "{:?}", receiver.received());
}

#[harness::test(flavor = "multi_thread")]
async fn a_visit_that_a_logout_overtakes_gets_no_code() {
    let faulty = Faulty::start();
    let Faulty { server, proxy, .. } = &faulty;
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).browser(&browser);
    login().callback().await.code();

    proxy.break_with(Fault::always(Effect::Hold).on(WRITES).times(1));
    let path = login().with("prompt", "none").path();
    let tab = browser.clone();
    let held = tokio::spawn(async move { tab.open(&path).await });
    block_in_place(|| proxy.wait_for_hit());
    assert_eq!(browser.http().get("/v2/logout").await.status, 302);
    proxy.mend();
    let callback = held.await.expect("the request was made").callback();
    callback.assert_error("login_required", "Login required");
}
