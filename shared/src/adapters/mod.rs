//! Adapters to the world outside of the process.

pub mod dynamo;
pub mod outbound;
mod request_failures;
pub mod script_requests;
