//! What reaches outside the process.

pub mod dynamo;
pub mod outbound;
