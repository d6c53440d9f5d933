//! The `authorize` function on Lambda.

use shared::lambda;

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    lambda::run(|app, request| async move { authorize::handle(&app, &request).await }).await
}
