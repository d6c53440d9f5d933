//! The calls of the tenant's scripts into the app: changes of users' metadata, and requests to other hosts.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use ratchet_domain::{ids::UserId, time::Timestamp};
use ratchet_scripts::{
    engine::{Host, HostCall, HostError},
    requests::{ScriptRequests, failure::RequestFailure},
};
use ratchet_store::{CommitError, Metadata, Store};
use serde_json::{Map, Value};

/// The failed requests of a run.
pub(super) type Failures = Arc<Mutex<Vec<RequestFailure>>>;

/// The access of scripts to the app: the metadata of users, and requests to other hosts.
pub(super) struct HostBridge {
    pub(super) store: Store,
    pub(super) requests: Arc<ScriptRequests>,
    pub(super) failures: Failures,
    pub(super) now: Timestamp,
}

impl Host for HostBridge {
    fn call(&self, call: HostCall) -> BoxFuture<'static, Result<Value, HostError>> {
        let (store, now) = (self.store.clone(), self.now);
        let (requests, failures) = (Arc::clone(&self.requests), Arc::clone(&self.failures));
        Box::pin(async move {
            match call {
                HostCall::UpdateAppMetadata { user_id, patch } => {
                    patch_metadata(&store, &user_id, Metadata::App, &patch, now).await
                }
                HostCall::UpdateUserMetadata { user_id, patch } => {
                    patch_metadata(&store, &user_id, Metadata::User, &patch, now).await
                }
                HostCall::Http(request) => {
                    let answer = requests.send(request).await;
                    answer.map_err(|failure| {
                        log_request(&failure);
                        let error = HostError::of_request(&failure);
                        let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                        failures.push(failure);
                        error
                    })
                }
            }
        })
    }
}

/// Implements `auth0.users.updateAppMetadata` and `updateUserMetadata`. Returns the updated metadata.
async fn patch_metadata(
    store: &Store,
    user_id: &str,
    which: Metadata,
    patch: &Map<String, Value>,
    now: Timestamp,
) -> Result<Value, HostError> {
    let unknown = || HostError::from(format!("The user does not exist: {user_id}"));
    let id = UserId::parse(user_id).map_err(|_| unknown())?;
    match store.patch_metadata(&id, which, patch, now).await {
        Ok(user) => Ok(Value::Object(match which {
            Metadata::App => user.app_metadata,
            Metadata::User => user.user_metadata,
        })),
        Err(CommitError::Conflict) => Err(unknown()),
        Err(CommitError::Store(error)) => {
            tracing::warn!(reason = %error, "a script's change of metadata failed");
            Err(HostError::from("The user could not be updated"))
        }
    }
}

/// Logs a failed request, even if its script continues. Paths and queries are omitted: they may contain secrets.
fn log_request(failure: &RequestFailure) {
    tracing::warn!(
        host = failure.host,
        port = failure.port,
        code = failure.code(),
        detail = failure.detail,
        reason = failure.message(),
        "a script's request to another host failed"
    );
}
