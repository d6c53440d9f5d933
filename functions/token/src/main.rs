//! The `token` function on Lambda.

use std::process::ExitCode;

use shared::lambda::{self, KeyUse};

fn main() -> ExitCode {
    lambda::run(KeyUse::SignAndRotate, |app, request| async move {
        token::handle(&app, &request).await
    })
}
