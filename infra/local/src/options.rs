//! The command line.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Parser;
use ratchet_domain::time::Timestamp;
use ratchet_scripts::{engine::Limits, requests::hosts::AllowedHosts};
use ratchet_system::Clock;

use crate::{data, hosts::AllowedHost};

const DATA: &str = ".data";

/// Starts Ratchet on this machine: no AWS account, one port, a demo page.
#[derive(Debug, Parser)]
#[command(
    name = "cargo local",
    version,
    after_help = "Examples:\n  \
        cargo local                                start with the demo tenant, data kept in .data\n  \
        cargo local --port 3000 --data memory      start fresh, keep nothing\n  \
        cargo local --tenant my-tenant.yaml        start with your own tenant file\n  \
        cargo local --tls                          HTTPS with a certificate of its own"
)]
pub(crate) struct Options {
    /// The port to serve on; 0 takes a free one.
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,

    /// The issuer in tokens and metadata [default: this server's own address].
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,

    /// The tenant file to load, in the format of Auth0's deploy CLI [default: the demo tenant]. It is imported
    /// again when it or a script that it names changes.
    #[arg(long, value_name = "FILE")]
    pub(crate) tenant: Option<PathBuf>,

    /// The folder for database and keys, or `memory` to keep nothing.
    #[arg(long, value_name = "DIR", default_value = DATA)]
    pub(crate) data: PathBuf,

    /// Serve the embedded DynamoDB to other programs on this port; 0 takes a free one. They have to name the
    /// access key that is printed at start (`AWS_ACCESS_KEY_ID`).
    #[arg(long, value_name = "PORT")]
    pub(crate) dynamodb_port: Option<u16>,

    /// Serve HTTPS with a certificate for the issuer's host, made by a certificate authority of this machine's
    /// own, which clients have to trust.
    #[arg(long)]
    pub(crate) tls: bool,

    /// The folder of the certificate authority and the certificate of `--tls` [default: `tls` in the data
    /// folder; `.data/tls` with `--data memory`, too].
    #[arg(long, value_name = "DIR")]
    pub(crate) tls_dir: Option<PathBuf>,

    /// A further host by which requests may reach this server and its DynamoDB, beside the issuer's and those of
    /// loopback: that of a tunnel, or of this machine as containers know it. May be given many times.
    #[arg(long, value_name = "HOST", value_parser = AllowedHost::parse)]
    pub(crate) allow_host: Vec<AllowedHost>,

    /// The hosts that rules and Actions may reach, separated by commas: `api.example.com`, `*.example.com`,
    /// `http://localhost:4000` [default: none].
    #[arg(long, value_name = "HOSTS", value_parser = AllowedHosts::parse, default_value = "", hide_default_value = true)]
    pub(crate) script_hosts: AllowedHosts,

    /// Seconds that the rules and Actions of a login may take in all, waiting included.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=20))]
    pub(crate) script_seconds: u64,

    /// Let callers move the clock, change users and replace the tenant (`/test/...`): for tests.
    #[arg(long, hide = true)]
    pub(crate) test_controls: bool,

    /// Time in seconds since 1970 at which the clock is stopped until a caller moves it, except for a millisecond with
    /// every request: for tests.
    #[arg(long, hide = true, value_name = "SECONDS", requires = "test_controls")]
    pub(crate) test_clock: Option<u64>,

    /// Seconds that a run of scripts may take instead, 0 or more: for tests, which must not fail on a busy machine. The
    /// limit of CPU time stays.
    #[arg(long, hide = true, value_name = "SECONDS", requires = "test_controls")]
    pub(crate) test_script_patience: Option<u64>,

    /// Seconds in which a request may begin another part of long work, like the time-out on Lambda: for tests.
    #[arg(long, hide = true, value_name = "SECONDS", requires = "test_controls")]
    pub(crate) test_request_time: Option<u64>,
}

impl Options {
    /// Folder of the data; `None` keeps them in memory.
    pub(crate) fn folder(&self) -> Option<&PathBuf> {
        (self.data.as_os_str() != "memory").then_some(&self.data)
    }

    /// The machine's clock, or one that stands still for tests.
    pub(crate) fn clock(&self) -> Clock {
        self.test_clock.map_or_else(Clock::system, |seconds| {
            Clock::stopped(Timestamp::from_secs(seconds))
        })
    }

    /// Limits of a run of scripts.
    pub(crate) fn script_limits(&self) -> Limits {
        let seconds = self.test_script_patience.unwrap_or(self.script_seconds);
        Limits {
            wall: Duration::from_secs(seconds),
            ..Limits::default()
        }
    }

    /// Folder of the certificates. Even a server that keeps no other data keeps them, because clients trust them.
    pub(crate) fn tls_folder(&self) -> PathBuf {
        let folder = self.folder().map_or(Path::new(DATA), PathBuf::as_path);
        let own = || folder.join(data::TLS);
        self.tls_dir.clone().unwrap_or_else(own)
    }
}
