//! The `token` function on Lambda.

use shared::lambda::{self, KeyUse};

fn main() -> Result<(), lambda::Error> {
    lambda::run(KeyUse::Sign, |app, request| async move {
        token::handle(&app, &request).await
    })
}
