//! Plan Form Post: the answers of the other plans in a form. `repeated.rs` requests each of them.

use harness::{
    Answer, Server,
    apps::{User, WEB_CERTIFIED},
    html,
};

use super::{form, logged_in, runs};

async fn page(changes: &[(&str, &str)]) -> Answer {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    let login = server.login(&WEB_CERTIFIED).browser(&browser);
    let login = login.with("response_mode", "form_post");
    let login = changes
        .iter()
        .fold(login, |login, (name, value)| login.with(name, value));
    login.open().await.page()
}

#[harness::test]
async fn the_form_is_encoded_as_forms_are_and_needs_no_script() {
    let page = page(&[]).await;
    form(&page);
    let text = page.text();
    let encoding = html::tag(&text, "form").remove("enctype");
    assert_eq!(encoding, None, "{page}");
    assert_eq!(html::tag(&text, "button")["type"], "submit", "{page}");
    // No code outside the form: a log or a history would keep it.
    assert_eq!(page.header("location"), None, "{page}");
    assert!(!page.url.as_str().contains("code="), "{page}");
}

#[harness::test]
async fn a_missing_response_type_is_reported_in_the_form() {
    let response = form(&page(&[("response_type", "")]).await);
    assert_eq!(response["error"], "invalid_request", "{response:?}");
}

#[harness::test]
async fn an_unknown_response_type_is_reported_in_the_form() {
    let response = form(&page(&[("response_type", "telepathy")]).await);
    assert_eq!(
        response["error"], "unsupported_response_type",
        "{response:?}"
    );
}

#[harness::test]
async fn a_form_carries_what_a_redirect_would() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    let both: Vec<_> = runs().collect();
    for pair in both.chunks(2) {
        let mut names = Vec::new();
        for run in pair {
            let response = run.granted(run.ask(server, &browser)).await;
            names.push(response.into_keys().collect::<Vec<_>>());
        }
        assert_eq!(names[0], names[1], "{pair:?}");
    }
}
