//! The `authorize` function on Lambda.

use std::process::ExitCode;

use shared::lambda::{self, KeyUse};

#[tokio::main]
async fn main() -> ExitCode {
    let result = lambda::run(KeyUse::Verify, |app, request| async move {
        authorize::handle(&app, &request).await
    })
    .await;
    lambda::ended(result)
}
