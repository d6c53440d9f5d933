//! User codes typed on keyboards of other scripts.

use harness::{Server, apps::TV};

use super::{assert_shows, assert_wrong_code, begin};

/// The full-width forms of a user code, as a Japanese keyboard sends them.
fn full_width(user_code: &str) -> String {
    let wide = |c: char| char::from_u32(u32::from(c) - u32::from('!') + 0xff01);
    user_code
        .chars()
        .map(|c| wide(c).expect("user codes are printable ASCII"))
        .collect()
}

#[harness::test]
async fn a_user_code_may_be_typed_in_full_width_letters() {
    let server = Server::shared();
    let waiting = begin(server, &TV).await;
    let wide = full_width(&waiting.user_code);
    let browser = server.browser();
    for typed in [
        wide.clone(),
        wide.to_lowercase(),
        wide.replace('－', "ー"),
        wide.replace('－', "−"),
        wide.replace('－', "‐"),
        wide.replace('－', "\u{3000}"),
        format!("\u{3000}{wide}\u{3000}"),
    ] {
        let page = browser.open("/activate").await.page_at("/activate");
        let answer = browser.submit(&page, &[("user_code", &typed)]).await;
        let page = browser.follow(answer).await.page_at("/activate/confirm");
        assert_shows(&page, 200, &waiting.user_code);
    }
}

#[harness::test]
async fn the_link_with_the_code_reads_full_width_letters_too() {
    let server = Server::shared();
    let waiting = begin(server, &TV).await;
    let wide = full_width(&waiting.user_code);
    let answer = server
        .http()
        .get_query("/activate", &[("user_code", &wide)])
        .await;
    let browser = server.browser();
    let page = browser.follow(answer).await.page_at("/activate/confirm");
    assert_shows(&page, 200, &waiting.user_code);
}

#[harness::test]
async fn letters_that_only_look_alike_are_another_code() {
    let server = Server::shared();
    let browser = server.browser();
    for typed in ["ВСХТВСХТ", "ー－－－ー", "ÃＤＪＢＭＪＨＴ"] {
        let page = browser.open("/activate").await.page_at("/activate");
        assert_wrong_code(&browser.submit(&page, &[("user_code", typed)]).await);
    }
}
