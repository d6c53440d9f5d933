//! The fields that the log has of every request.

use std::net::IpAddr;

use http::StatusCode;
use lambda_http::{RequestExt, request::RequestContext as Context};
use ratchet_domain::ids::RequestId;
use ratchet_system::Stopwatch;
use ratchet_telemetry::{cost::Cost, request};

/// A request as it is known at its arrival.
pub(super) struct RequestLog {
    id: RequestId,
    /// The id of an HTTP API or a function URL, which its access log has, too.
    gateway_id: Option<String>,
    route: String,
    is_first: bool,
    since: Stopwatch,
}

impl RequestLog {
    /// `is_first` is true for the first request of an environment, whose client has waited for its start.
    pub(super) fn of(event: &lambda_http::Request, id: RequestId, is_first: bool) -> Self {
        let gateway_id = match event.request_context_ref() {
            Some(Context::ApiGatewayV2(context)) => context.request_id.clone(),
            _ => None,
        };
        Self {
            id,
            gateway_id,
            route: super::route::of(event.method(), event.raw_http_path()),
            is_first,
            since: Stopwatch::start(),
        }
    }

    /// Logs the end of the request. `ms` is the time of the function, without that of the front and of Lambda.
    pub(super) fn answered(self, status: StatusCode, client_ip: Option<IpAddr>, cost: &Cost) {
        tracing::info!(
            target: request::END,
            request_id = %self.id,
            apigw_request_id = self.gateway_id,
            route = self.route,
            status = status.as_u16(),
            ms = self.since.millis(),
            cold = self.is_first,
            client_ip = client_ip.map(tracing::field::display),
            read_units = cost.read_units,
            write_units = cost.write_units,
            sign_calls = cost.sign_calls,
        );
    }
}
