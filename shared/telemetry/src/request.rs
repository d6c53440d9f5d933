//! The lines of a request. Its outcome is one line: the last event with a `type` of Auth0 waits for the end of the
//! request, and is written together with the request's own fields. Other events are lines of their own, with the id of
//! the request.

use std::{cell::RefCell, fmt::Display, sync::Arc};

use serde_json::Value;

use super::line::Record;

/// Target of the event at the end of a request, which has the request's own fields.
pub const END: &str = "ratchet::request";
/// Target of the event for a request that is rejected or fails. Its reason belongs to the line of the request.
const REFUSED: &str = "ratchet::refused";

/// Writes a record as a line of the log.
pub(super) type Write = Arc<dyn Fn(Record) + Send + Sync>;

tokio::task_local! {
    static REQUEST: RefCell<Open>;
}

/// A request that is being answered.
struct Open {
    id: String,
    held: Option<Held>,
}

/// An event that waits for the end of its request. It is written by itself without an end: if the request is cut short,
/// or if the level of its end is not logged.
struct Held {
    record: Option<Record>,
    write: Write,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(record) = self.record.take() {
            (self.write)(record);
        }
    }
}

/// Answers a request whose events are collected. The work logs its end with the target [`END`].
pub async fn collected<T>(id: String, work: impl Future<Output = T>) -> T {
    let open = Open { id, held: None };
    REQUEST.scope(RefCell::new(open), work).await
}

/// Logs the reason for which a request is rejected or fails.
pub fn refused(reason: &dyn Display) {
    tracing::info!(target: REFUSED, %reason, "refused");
}

/// Writes a record, or lets it wait for the end of its request.
pub(super) fn collect(record: Record, write: &Write) {
    let mut record = Some(record);
    let written = REQUEST.try_with(|open| {
        let record = record.take()?;
        let mut open = open.borrow_mut();
        match record.target {
            END => {
                let held = open.held.take().and_then(|mut held| held.record.take());
                Some(record.with_event(held))
            }
            REFUSED => open.refuse(record, write),
            _ => open.collect(record, write),
        }
    });
    // Outside a request every event is a line.
    if let Some(record) = written.unwrap_or(record) {
        write(record);
    }
}

impl Open {
    /// The record, if it is a line of its own.
    fn collect(&mut self, mut record: Record, write: &Write) -> Option<Record> {
        let id = Value::String(self.id.clone());
        record.fields.push(("request_id", id));
        if record.field("type").is_none() {
            return Some(record);
        }
        self.hold(record, write);
        None
    }

    fn refuse(&mut self, record: Record, write: &Write) -> Option<Record> {
        let event = self.held.as_mut().and_then(|held| held.record.as_mut());
        let Some(event) = event else {
            self.hold(record, write);
            return None;
        };
        match (event.field("reason"), record.field("reason")) {
            (Some(known), Some(reason)) if known != reason => self.collect(record, write),
            (None, Some(reason)) => {
                event.fields.push(("reason", reason.clone()));
                None
            }
            _ => None,
        }
    }

    /// The record that was held before is written.
    fn hold(&mut self, record: Record, write: &Write) {
        self.held = Some(Held {
            record: Some(record),
            write: Arc::clone(write),
        });
    }
}

impl Record {
    /// The line of a request: its own fields, and those of its last event.
    fn with_event(mut self, event: Option<Self>) -> Self {
        let Some(event) = event else { return self };
        // A level is less than those that are less severe.
        self.level = self.level.min(event.level);
        for (name, value) in event.fields {
            if name == "type" {
                self.fields.insert(0, (name, value));
            } else if name != "message" && self.field(name).is_none() {
                self.fields.push((name, value));
            }
        }
        self
    }
}
