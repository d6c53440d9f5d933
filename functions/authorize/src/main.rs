//! The `authorize` function on Lambda.

use std::process::ExitCode;

use shared::lambda::{self, KeyUse};

fn main() -> ExitCode {
    lambda::run(KeyUse::Sign, |app, request| async move {
        authorize::handle(&app, &request).await
    })
}
