//! The `discovery` function on Lambda.

use std::process::ExitCode;

use shared::lambda;

#[tokio::main]
async fn main() -> ExitCode {
    let result =
        lambda::publish(|keys, request| async move { discovery::handle(&keys, &request).await })
            .await;
    lambda::ended(result)
}
