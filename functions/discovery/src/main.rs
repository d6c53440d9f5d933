//! The `discovery` function on Lambda.

use std::process::ExitCode;

use shared::lambda;

fn main() -> ExitCode {
    lambda::publish(|keys, request| async move { discovery::handle(&keys, &request).await })
}
