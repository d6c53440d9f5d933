//! Rules and Actions of a tenant: what they are told, and what follows, wherever users get tokens. A test
//! has a server with [`e2e::Scripts`] of its own.

mod samples;
