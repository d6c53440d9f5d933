//! Failures in the middle of a run.

use rquickjs::Error;

use super::{ScriptFailure, watch::Stop};

/// A failure in the middle of a run.
pub(super) enum Fault {
    /// The run must stop.
    Stop(Stop),
    /// A pending exception of the context, or an error of the engine itself.
    Threw(Error),
    /// A failure that needs no conversion.
    Known(ScriptFailure),
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Threw(error)
    }
}

impl From<ScriptFailure> for Fault {
    fn from(failure: ScriptFailure) -> Self {
        Self::Known(failure)
    }
}
