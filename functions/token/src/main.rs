//! The `token` function on Lambda.

use std::process::ExitCode;

use shared::lambda::{self, KeyUse};

#[tokio::main]
async fn main() -> ExitCode {
    let result = lambda::run(KeyUse::Sign, |app, request| async move {
        token::handle(&app, &request).await
    })
    .await;
    lambda::ended(result)
}
