//! Devices that wait for approval, and the user codes by which they are found (RFC 8628).
//!
//! A device's state only moves forward, and the content of a state never changes. A condition therefore compares only
//! the state's name.

use aws_sdk_dynamodb::{
    error::BuildError,
    operation::update_item::builders::UpdateItemFluentBuilder,
    types::{Put, TransactWriteItem, Update},
};
use ratchet_domain::{
    consent::RestsOn,
    device::{DEVICE_CODE_MEMORY, DeviceGrant, DeviceState, Polled},
    family::Family,
    ids::DeviceId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{
    Store,
    calls::send_update,
    error::{CommitError, StoreError},
    item::{millis, text, to_item},
    keys::Key,
};

/// The exchange of a device code, to be stored.
#[derive(Debug, Clone, Copy)]
pub struct DeviceExchange<'a> {
    /// Id of the device.
    pub device_id: DeviceId,
    /// The device as it was read.
    pub current: &'a DeviceGrant,
    /// The record of the exchange.
    pub next: &'a DeviceState,
    /// The family of refresh tokens that the exchange begins, if any.
    pub family: Option<&'a Family>,
    /// The consent that the approval rests on: the exchange requires that this very consent still exists.
    pub rests_on: &'a RestsOn,
}

/// The item of a user code.
#[derive(Debug, Serialize, Deserialize)]
struct UserCodeItem {
    device_id: DeviceId,
    expires_at: Timestamp,
}

const UNCHANGED: &str = "#state.#name = :current";
const SET_STATE: &str = "SET #state = :next";

impl Store {
    /// Stores a new device and its user code, both or neither. `digest` is the user code's. A conflict means that a
    /// live device has the same user code.
    pub async fn put_device(
        &self,
        id: DeviceId,
        device: &DeviceGrant,
        digest: &str,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        let code = UserCodeItem {
            device_id: id,
            expires_at: device.expires_at,
        };
        let memory = Some(device.expires_at.plus(DEVICE_CODE_MEMORY));
        let device = to_item(&Key::device(id), device, memory)?;
        let code = to_item(&Key::user_code(digest), &code, Some(code.expires_at))?;
        let device = Put::builder()
            .table_name(&self.table)
            .set_item(Some(device))
            .condition_expression("attribute_not_exists(PK)")
            .build()
            .map_err(refused)?;
        let code = Put::builder()
            .table_name(&self.table)
            .set_item(Some(code))
            .condition_expression("attribute_not_exists(PK) OR expires_at <= :now")
            .expression_attribute_values(":now", millis(now))
            .build()
            .map_err(refused)?;
        self.transact(vec![
            TransactWriteItem::builder().put(device).build(),
            TransactWriteItem::builder().put(code).build(),
        ])
        .await
    }

    /// A device by its id.
    pub async fn load_device(&self, id: DeviceId) -> Result<Option<DeviceGrant>, StoreError> {
        self.load(&Key::device(id)).await
    }

    /// The device of a live user code.
    pub async fn load_user_code(
        &self,
        digest: &str,
        now: Timestamp,
    ) -> Result<Option<DeviceId>, StoreError> {
        let code: Option<UserCodeItem> = self.load(&Key::user_code(digest)).await?;
        Ok(code
            .filter(|code| now < code.expires_at)
            .map(|code| code.device_id))
    }

    /// Stores that a device got `authorization_pending`. A conflict means that another request did so, or that the
    /// device is no longer pending.
    pub async fn commit_poll(
        &self,
        id: DeviceId,
        current: &DeviceGrant,
        polled: &Polled,
    ) -> Result<(), CommitError> {
        let update = self
            .change(id, current, polled)?
            .update_expression("SET polled = :next");
        let update = match &current.polled {
            None => {
                update.condition_expression(format!("{UNCHANGED} AND attribute_not_exists(polled)"))
            }
            Some(last) => update
                .condition_expression(format!("{UNCHANGED} AND polled.#by = :by"))
                .expression_attribute_names("#by", "by")
                .expression_attribute_values(":by", text(last.by.to_string())),
        };
        send_update(update).await
    }

    /// Moves a device from the state in which it was read to the next.
    pub async fn commit_device(
        &self,
        id: DeviceId,
        current: &DeviceGrant,
        next: &DeviceState,
    ) -> Result<(), CommitError> {
        let update = self
            .change(id, current, next)?
            .update_expression(SET_STATE)
            .condition_expression(UNCHANGED);
        send_update(update).await
    }

    /// An update that writes `:next`, with the names and values of [`UNCHANGED`].
    fn change(
        &self,
        id: DeviceId,
        current: &DeviceGrant,
        next: &impl Serialize,
    ) -> Result<UpdateItemFluentBuilder, StoreError> {
        let next = serde_dynamo::to_attribute_value(next)
            .map_err(|e| StoreError::Refused(e.to_string()))?;
        Ok(self
            .update(&Key::device(id))
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#name", "name")
            .expression_attribute_values(":current", text(current.state.name()))
            .expression_attribute_values(":next", next))
    }

    /// Marks a device code as exchanged and creates its family, both or neither. A conflict means that another request
    /// was first, or that the consent that the approval rests on was withdrawn. Without family or consent it is one
    /// plain update.
    pub async fn commit_device_exchange(
        &self,
        exchange: DeviceExchange<'_>,
    ) -> Result<(), CommitError> {
        let DeviceExchange {
            device_id,
            current,
            next,
            family,
            rests_on,
        } = exchange;
        let consent = self.check_consent(rests_on)?;
        if family.is_none() && consent.is_none() {
            return self.commit_device(device_id, current, next).await;
        }
        let next = serde_dynamo::to_attribute_value(next)
            .map_err(|e| StoreError::Refused(e.to_string()))?;
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::device(device_id).to_item()))
            .update_expression(SET_STATE)
            .condition_expression(UNCHANGED)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#name", "name")
            .expression_attribute_values(":current", text(current.state.name()))
            .expression_attribute_values(":next", next)
            .build()
            .map_err(refused)?;
        let mut writes = vec![TransactWriteItem::builder().update(update).build()];
        writes.extend(consent);
        if let Some(family) = family {
            writes.extend(self.creation_writes(family)?);
        }
        self.transact(writes).await
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
fn refused(error: BuildError) -> StoreError {
    StoreError::Refused(error.to_string())
}
