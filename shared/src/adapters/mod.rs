//! What reaches outside the process.

pub mod dynamo;
