//! `cargo bench-token`: the release binary of the token function behind an emulated Runtime API, `DynamoDB` and KMS
//! over loopback, a chain of refreshes on one core. Prints for every signing mode and algorithm the CPU time, calls and
//! capacity of a refresh, and cold start and memory, all in one run. `--rules` compares functions with and without
//! Rules; `--callgrind` counts instructions instead and writes a profile; the two can be combined.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    unreachable_pub,
    reason = "a benchmark fails by panicking, reads the machine it runs on, and is no library"
)]

mod callgrind;
mod function;
mod rules;
mod runtime;
mod service;
mod tenant;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Parser;
use function::{Function, Usage, Work};
use service::Service;
use tenant::{ALGORITHMS, Algorithm};

/// Refreshes before the measurement, which fill caches and open connections.
const WARM_UP: u32 = 200;

/// Number of cold starts; the median is reported.
const STARTS: usize = 5;

#[derive(Parser)]
#[command(
    about = "Measures the cost of a refresh in the token function",
    name = "cargo bench-token"
)]
struct Options {
    /// Number of refreshes to measure.
    #[arg(long, default_value_t = 2_000)]
    refreshes: u32,
    /// The function; default: `target/release/token`, with `--callgrind` `target/profiling/token`.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// The signing modes to measure: `kms`, `wrapped` or both.
    #[arg(long, value_delimiter = ',', default_values = ["wrapped", "kms"])]
    modes: Vec<String>,
    /// The signature algorithms to measure, each in every mode.
    #[arg(long, value_delimiter = ',', default_values = ["ES256", "RS256", "PS256"])]
    algorithms: Vec<String>,
    /// Count instructions under valgrind.
    #[arg(long)]
    callgrind: bool,
    /// Measure the cost of Rules instead.
    #[arg(long)]
    rules: bool,
}

impl Options {
    fn binary(&self) -> PathBuf {
        let profile = if self.callgrind {
            "profiling"
        } else {
            "release"
        };
        let binary = self
            .binary
            .clone()
            .unwrap_or_else(|| service::target().join(profile).join("token"));
        assert!(
            binary.exists(),
            "{} is not there: cargo build --profile {profile} --package ratchet-token",
            binary.display()
        );
        binary
    }

    fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        ALGORITHMS
            .into_iter()
            .filter(|algorithm| self.algorithms.iter().any(|name| name == algorithm.name))
    }
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let binary = options.binary();
    match (options.callgrind, options.rules) {
        (true, true) => return callgrind::run_rules(&binary).await,
        (true, false) => return callgrind::run(&options, &binary).await,
        (false, _) => {}
    }
    let size = std::fs::metadata(&binary).expect("its size").len();
    println!("{} bytes: {}", size, binary.display());
    if options.rules {
        return rules::run(&binary, options.refreshes).await;
    }
    println!(
        "{:8} {:9} {:>12} {:>12} {:>14} {:>12} {:>12} {:>8} {:>11} {:>12}",
        "mode",
        "algorithm",
        "cold start",
        "cold CPU",
        "CPU a refresh",
        "of it kernel",
        "wall",
        "signed",
        "read/write",
        "resident"
    );
    for mode in &options.modes {
        let service = Service::start(mode, &tenant::plain());
        for algorithm in options.algorithms() {
            let row = measure(&service, &binary, algorithm, options.refreshes).await;
            println!("{mode:8} {:9} {row}", algorithm.name);
        }
    }
}

/// A chain of refreshes: each presents the token that the previous refresh returned.
struct Chain {
    algorithm: Algorithm,
    token: String,
}

impl Chain {
    async fn begin(service: &Service, algorithm: Algorithm) -> Self {
        let login = service.server.login(&algorithm.app());
        let token = login.audience(algorithm.audience).refresh_token().await;
        Self { algorithm, token }
    }

    async fn refresh(&mut self, function: &mut Function, times: u32) {
        for _ in 0..times {
            let form = format!(
                "grant_type=refresh_token&client_id={}&refresh_token={}",
                self.algorithm.client, self.token
            );
            let (status, body) = function.post(&form).await;
            assert_eq!(status, 200, "{body}");
            assert!(
                body["id_token"].is_string(),
                "an ID token is part of what is measured"
            );
            let token = body["refresh_token"].as_str();
            token.expect("a refresh token").clone_into(&mut self.token);
        }
    }
}

async fn measure(
    service: &Service,
    binary: &std::path::Path,
    algorithm: Algorithm,
    refreshes: u32,
) -> String {
    let mut chain = Chain::begin(service, algorithm).await;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let mut function = Function::start(&[binary], &service.environment).await;
        chain.refresh(&mut function, 1).await;
        starts.push((function.age(), function.usage().cpu()));
        function.stop().await;
    }
    let mut function = Function::start(&[binary], &service.environment).await;
    chain.refresh(&mut function, WARM_UP).await;
    let (before, began) = (function.usage(), Instant::now());
    chain.refresh(&mut function, refreshes).await;
    let (after, wall) = (function.usage(), began.elapsed());
    let work = function.stop().await;
    row(&starts, before, after, wall / refreshes, refreshes, work)
}

fn row(
    starts: &[(Duration, Duration)],
    before: Usage,
    after: Usage,
    wall: Duration,
    refreshes: u32,
    work: Work,
) -> String {
    let micros = |spent: Duration| (spent / refreshes).as_micros();
    format!(
        "{:>9.1} ms {:>9.1} ms {:>11} µs {:>9} µs {:>9} µs {:>8.1} {:>5.1}/{:<5.1} {:>8} KiB",
        median(starts.iter().map(|start| start.0)),
        median(starts.iter().map(|start| start.1)),
        micros(after.cpu().saturating_sub(before.cpu())),
        micros(after.kernel.saturating_sub(before.kernel)),
        wall.as_micros(),
        work.sign_calls,
        work.read_units,
        work.write_units,
        after.resident_kib,
    )
}

/// The median in milliseconds.
fn median(values: impl Iterator<Item = Duration>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort();
    values[values.len() / 2].as_secs_f64() * 1_000.0
}
