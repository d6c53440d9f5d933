//! The tenant's configuration as functions and operators read it.

use ratchet_domain::{connection::Connection, settings::Settings};
use ratchet_store::{Consistency, Store, StoreError, TenantReads};
use ratchet_telemetry::cost;

use crate::fixtures::{audience, client_id, connection_name, store};

const EVENTUAL: Consistency = Consistency::Eventual;
const STRONG: Consistency = Consistency::Strong;

/// Calls and units of a read.
async fn cost_of<T>(read: impl Future<Output = Result<T, StoreError>>) -> (u32, f64) {
    let (read, cost) = Box::pin(cost::counted(read)).await;
    read.unwrap();
    (cost.read_calls, cost.read_units)
}

fn reads(store: &Store, consistency: Consistency) -> TenantReads {
    TenantReads::new(store.clone(), consistency)
}

#[tokio::test]
async fn a_function_reads_configuration_for_half_the_units() {
    let store = store().await;
    store.put_settings(&Settings::default()).await.unwrap();
    let connection = Connection::open(connection_name("Staff"));
    store.put_connection(&connection).await.unwrap();
    for (consistency, units) in [(EVENTUAL, 0.5), (STRONG, 1.0)] {
        let reads = reads(&store, consistency);
        let staff = connection_name("Staff");
        assert_eq!(cost_of(reads.settings()).await, (1, units));
        assert_eq!(cost_of(reads.realm(&staff)).await, (1, units));
        assert_eq!(cost_of(reads.mobile_apps()).await, (1, units));
        assert_eq!(cost_of(reads.attack_protection()).await, (1, units));
        assert_eq!(cost_of(reads.keyring()).await, (1, units));
        assert_eq!(cost_of(reads.signing_keys()).await, (1, units));
    }
}

#[tokio::test]
async fn an_absence_that_rejects_a_request_is_confirmed() {
    let store = store().await;
    for (consistency, once, realm) in [(EVENTUAL, (2, 1.5), (4, 3.0)), (STRONG, (1, 1.0), (2, 2.0))]
    {
        let reads = reads(&store, consistency);
        let staff = connection_name("Staff");
        assert_eq!(cost_of(reads.client(&client_id())).await, once);
        assert_eq!(cost_of(reads.resource_server(&audience())).await, once);
        assert_eq!(cost_of(reads.realm(&staff)).await, realm);
    }
}
