//! The messages between the async side of the engine and the threads that run scripts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize},
        mpsc::Receiver,
    },
    time::{Duration, Instant},
};

use tokio::sync::mpsc::UnboundedSender;

use super::{HostCall, HostError, Report, Run};

/// The input of a worker for one run.
pub(super) struct Assignment {
    pub(super) run: Arc<Run>,
    pub(super) started: Instant,
    pub(super) deadline: Instant,
    pub(super) unwanted: Arc<AtomicBool>,
    /// The position of the running script, for the report of a run that does not return.
    pub(super) progress: Arc<AtomicUsize>,
    pub(super) host: HostChannels,
}

/// A message from a thread about its run.
pub(super) enum Event {
    /// A script calls the host.
    Call { id: u64, call: HostCall },
    /// The run is over.
    Done(Box<Report>),
}

/// The answer to a [`HostCall`].
pub(super) struct Reply {
    pub(super) id: u64,
    pub(super) result: Result<serde_json::Value, HostError>,
}

/// The channels to and from the async side, for one run.
pub(super) struct HostChannels {
    pub(super) events: UnboundedSender<Event>,
    pub(super) replies: Receiver<Reply>,
}

/// Time beyond the limit that a caller waits for a thread that does not check the clocks.
pub(super) const GRACE: Duration = Duration::from_millis(500);
