//! The lease for generating signing keys.

use ratchet_domain::time::Lifetime;
use ratchet_store::LEASE_TIME;

use crate::fixtures::{NOW, store};

#[tokio::test]
async fn one_of_all_who_take_a_lease_holds_it_until_it_is_over() {
    let store = store().await;
    let attempts = (0..5).map(|_| store.take_signing_keys_lease(NOW));
    let taken = futures_util::future::join_all(attempts).await;
    let holders = taken.into_iter().filter(|taken| *taken.as_ref().unwrap());
    assert_eq!(holders.count(), 1);

    let last = NOW.plus(Lifetime::from_secs(LEASE_TIME.as_secs() - 1));
    assert!(!store.take_signing_keys_lease(last).await.unwrap());
    let over = NOW.plus(LEASE_TIME);
    assert!(store.take_signing_keys_lease(over).await.unwrap());
    assert!(!store.take_signing_keys_lease(over).await.unwrap());
}
