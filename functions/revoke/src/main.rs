//! The `revoke` function on Lambda.

use std::process::ExitCode;

use ratchet_lambda::KeyUse;

fn main() -> ExitCode {
    ratchet_lambda::run(KeyUse::SignLogoutTokens, |app, request| async move {
        ratchet_revoke::handle(&app, &request).await
    })
}
