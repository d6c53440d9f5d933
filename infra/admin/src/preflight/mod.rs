//! The limits of an AWS account, and the one that a stated load reaches first. [`limits`] decides; [`account`] reads.

pub(crate) mod account;
pub(crate) mod limits;
mod request;
