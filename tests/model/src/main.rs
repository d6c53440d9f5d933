//! Visits every state of each scenario and prints how many there are.
//!
//!     cargo model               the bounds of the tests
//!     cargo model --larger 1    one request and one failure more in each scenario

use clap::Parser;
use ratchet_model::{World, check, scenario::Scenario, variant::Variant};

/// Checks the invariants of the rotation in every state of each scenario.
#[derive(Debug, Parser)]
struct Arguments {
    /// Refresh requests and failures beyond those of the tests.
    #[arg(long, default_value_t = 0)]
    larger: u8,

    /// Number of threads.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

fn main() -> std::process::ExitCode {
    let Arguments { larger, threads } = Arguments::parse();
    let mut holds = true;
    for scenario in Scenario::ALL {
        let scenario = scenario.larger(larger);
        let variant = Variant::Product;
        let found = check(World { scenario, variant }, threads);
        println!(
            "{}: {} states, depth {}",
            scenario.name, found.states, found.depth
        );
        if let Some((broken, trace)) = found.violation {
            println!("  {broken:?}:\n    {}", trace.join("\n    "));
            holds = false;
        }
    }
    if holds {
        std::process::ExitCode::SUCCESS
    } else {
        std::process::ExitCode::FAILURE
    }
}
