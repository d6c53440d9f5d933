//! The `authorize` function on Lambda.

use std::process::ExitCode;

use ratchet_lambda::KeyUse;

fn main() -> ExitCode {
    ratchet_lambda::run(KeyUse::Sign, |app, request| async move {
        ratchet_authorize::handle(&app, &request).await
    })
}
