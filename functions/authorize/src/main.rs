//! The `authorize` function on Lambda.

use shared::lambda::{self, KeyUse};

fn main() -> Result<(), lambda::Error> {
    lambda::run(KeyUse::Verify, |app, request| async move {
        authorize::handle(&app, &request).await
    })
}
