//! The `token` function on Lambda.

use shared::lambda;

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    lambda::run(|app, request| async move { token::handle(&app, &request).await }).await
}
