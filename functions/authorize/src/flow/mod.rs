//! A login, from `/authorize` to the client's answer. Every file decides or does one thing and returns the result;
//! the driver knows the order.

pub(crate) mod answer;
pub(crate) mod approved;
pub(crate) mod checks;
pub(crate) mod continuation;
pub(crate) mod decide;
mod front_channel;
pub(crate) mod issue;
pub(crate) mod outcome;
mod scripts;
pub(crate) mod stale;
mod web_message;
