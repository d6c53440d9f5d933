//! The `discovery` function on Lambda.

use std::process::ExitCode;

use shared::lambda;

fn main() -> ExitCode {
    lambda::publish(|publication, request| async move {
        discovery::handle(&publication, &request).await
    })
}
