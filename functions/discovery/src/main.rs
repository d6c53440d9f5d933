//! The `discovery` function on Lambda.

use shared::lambda;

fn main() -> Result<(), lambda::Error> {
    lambda::publish(|keys, request| async move { discovery::handle(&keys, &request).await })
}
