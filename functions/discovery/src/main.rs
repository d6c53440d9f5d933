//! The `discovery` function on Lambda.

use shared::lambda::{self, KeyUse};

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    lambda::run(KeyUse::Verify, |app, request| async move {
        discovery::handle(&app, &request).await
    })
    .await
}
