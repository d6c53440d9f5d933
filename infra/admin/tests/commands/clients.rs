//! `clients delete`.

use ratchet_domain::ids::ClientId;

use crate::stack::{Stack, people};

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_deleted_and_nothing_else() {
    let stack = Stack::start().await;
    let tenant = "clients: [{name: Phone, client_id: phone, app_type: native}]\nusers: [{email: ada@example.com}]";
    let file = stack.file("tenant.yaml", tenant);
    let import = ["tenant", "import", file.to_str().unwrap()];
    stack.print(&import).await;
    let id = ClientId::parse("phone").unwrap();
    let client = async || stack.store.load_client(&id).await.unwrap();
    assert!(client().await.is_some());
    assert_eq!(
        stack.print(&["clients", "delete", "phone"]).await,
        "deleted phone; running functions refuse it within 75 seconds\n"
    );
    assert!(client().await.is_none());
    let again = stack.refuse(&["clients", "delete", "phone"]).await;
    assert_eq!(again, "error: there is no application phone\n");
    let ada = stack.store.load_login(&people(), "ada@example.com").await;
    assert!(ada.unwrap().is_some());
}
