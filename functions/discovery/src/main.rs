//! The `discovery` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    ratchet_lambda::publish(|publication, request| async move {
        ratchet_discovery::handle(&publication, &request).await
    })
}
