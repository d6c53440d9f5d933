//! One request, from the door to its answer.

use shared::{
    app::{App, Moment},
    http::Request,
};

/// A request with the app that answers it and the moment that it came. The moment is drawn once, so that every decision
/// about a request is made at one time and under one request id.
#[derive(Clone, Copy)]
pub(crate) struct Visit<'a> {
    pub(crate) app: &'a App,
    pub(crate) request: &'a Request,
    pub(crate) at: Moment,
}

impl<'a> Visit<'a> {
    /// Draws the moment.
    pub(crate) fn new(app: &'a App, request: &'a Request) -> Self {
        Self {
            app,
            request,
            at: app.moment(request),
        }
    }
}
