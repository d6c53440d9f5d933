//! The `discovery` function on Lambda.

use shared::lambda;

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    lambda::run(|app, request| async move { discovery::handle(&app, &request) }).await
}
