//! A text as YAML: keywords replaced, and every value with its place.

pub(crate) mod document;
mod keywords;
mod node;
pub(crate) mod path;

pub use keywords::{InvalidMappings, Keywords};
