//! The `revoke` function on Lambda.

use std::process::ExitCode;

use shared::lambda::{self, KeyUse};

fn main() -> ExitCode {
    lambda::run(KeyUse::SignLogoutTokens, |app, request| async move {
        revoke::handle(&app, &request).await
    })
}
