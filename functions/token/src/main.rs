//! The `token` function on Lambda.

use std::process::ExitCode;

use ratchet_lambda::KeyUse;

fn main() -> ExitCode {
    ratchet_lambda::run(KeyUse::SignAndRotate, |app, request| async move {
        ratchet_token::handle(&app, &request).await
    })
}
