//! The objects that scripts read: `user` and `context` of Rules, `event` of Actions, and the facts of a login or a
//! refresh that the objects are made of.

mod asked;
mod event;
mod facts;
mod protocol;
mod user_and_context;

pub use asked::{asked, sent};
pub use event::event;
pub use facts::{Facts, RequestFacts, tenant_name};
pub use protocol::Protocol;
pub(super) use user_and_context::changed_profile;
pub use user_and_context::{CONTEXT_WITH_EFFECT, context, user, user_has_effect};
