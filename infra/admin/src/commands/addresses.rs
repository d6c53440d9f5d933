//! `addresses`: addresses that are throttled for failed logins with many names.

use clap::{Args, Subcommand};
use ratchet_domain::throttle::{Bucket, Origin};
use ratchet_system::Clock;

use crate::{connection::Connection, failure::Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum AddressesCommand {
    /// Forget the failed logins from an address, whichever names they were with.
    ///
    /// The next login from there is checked again (`suspiciousIpThrottling`), also where the address is throttled. Of an
    /// IPv6 address its first 64 bits count. A user who is blocked as well is let in by `users unblock`.
    #[command(after_help = "\
Examples:
  admin addresses unblock 203.0.113.9
  admin addresses unblock 2001:db8:1:2::1")]
    Unblock(Unblock),
}

#[derive(Debug, Args)]
pub(crate) struct Unblock {
    /// The address, as the log event `limit_mu` names it.
    address: String,
}

pub(crate) async fn run(command: AddressesCommand, to: &Connection) -> Result<String, Failure> {
    match command {
        AddressesCommand::Unblock(unblock) => unblock.run(to).await,
    }
}

impl Unblock {
    async fn run(self, to: &Connection) -> Result<String, Failure> {
        let origin: Origin = self
            .address
            .parse()
            .map_err(|_| Failure::Usage(format!("{} is no IP address", self.address)))?;
        let store = to.store().await?;
        if full(store.load_address(origin).await?) {
            return Ok(format!("no failed logins from {origin}\n"));
        }
        store.clear_address(origin).await?;
        Ok(format!("forgot the failed logins from {origin}\n"))
    }
}

/// True if the bucket is full: nothing was taken, or all of it has been refilled.
fn full(bucket: Bucket) -> bool {
    bucket.is_full(Clock::system().now())
}
