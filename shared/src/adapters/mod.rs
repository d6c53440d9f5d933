//! What reaches outside the process.

pub mod dynamo;
pub mod outbound;
pub mod script_requests;
