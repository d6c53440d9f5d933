//! `addresses unblock`.

use ratchet_domain::throttle::RateLimit;
use ratchet_system::Clock;

use crate::stack::{Stack, stderr};

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_address_is_let_in_again_and_no_other() {
    let stack = Stack::start().await;
    let (limit, now) = (RateLimit::every(2, 864_000), Clock::system().now());
    let office = "2001:db8:1:2::1".parse().unwrap();
    let other = "203.0.113.9".parse().unwrap();
    for origin in [office, other, office, other] {
        let taken = stack.store.take_failure(origin, limit, now).await;
        assert!(taken.unwrap());
    }
    assert!(!stack.store.take_failure(office, limit, now).await.unwrap());
    let unblock = ["addresses", "unblock", "2001:db8:1:2:ffff::9"];
    assert_eq!(
        stack.print(&unblock).await,
        "forgot the failed logins from 2001:db8:1:2::\n"
    );
    assert!(stack.store.take_failure(office, limit, now).await.unwrap());
    assert!(!stack.store.take_failure(other, limit, now).await.unwrap());
    let unknown = stack.print(&["addresses", "unblock", "192.0.2.1"]).await;
    assert_eq!(unknown, "no failed logins from 192.0.2.1\n");
    let wrong = stack.call(&["addresses", "unblock", "office"], "").await;
    assert_eq!(wrong.status.code(), Some(2), "{}", stderr(&wrong));
}
