//! CPU instructions instead of time: the count does not depend on the load of the machine. It excludes the kernel's
//! work for the function.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Chain, Options,
    function::Function,
    service::Service,
    tenant::{self, ALGORITHMS, Algorithm, RULES},
};

/// A shorter and a longer chain; their difference is the cost of the refreshes without the start.
const CHAINS: [u32; 2] = [100, 500];

/// Number of lines printed from the listing.
const LINES: usize = 40;

/// Counts, prints, and leaves the listings in the target folder.
pub async fn run(options: &Options, binary: &Path) {
    for mode in &options.modes {
        let service = Service::start(mode, &tenant::plain());
        for algorithm in options.algorithms() {
            let name = format!("{mode}.{}", algorithm.name);
            let (each, listing) = count(&service, algorithm, binary, &name).await;
            println!("{mode} {}: {each} instructions a refresh", algorithm.name);
            println!("{}\n{}", listing.display(), annotated(&listing));
        }
    }
}

/// The same for functions with different numbers of Rules.
pub async fn run_rules(binary: &Path) {
    for rules in RULES {
        let service = Service::start("wrapped", &tenant::with_rules(rules));
        let name = rules.name.replace(' ', "-");
        let (each, listing) = count(&service, ALGORITHMS[0], binary, &name).await;
        println!("{}: {each} instructions a refresh", rules.name);
        println!("{}\n{}", listing.display(), annotated(&listing));
    }
}

/// Instructions of a refresh, and the listing of the longer chain.
async fn count(
    service: &Service,
    algorithm: Algorithm,
    binary: &Path,
    name: &str,
) -> (u64, PathBuf) {
    let mut counts = Vec::new();
    let mut listing = PathBuf::new();
    for refreshes in CHAINS {
        listing = crate::service::target().join(format!("callgrind.{name}.{refreshes}"));
        let mut chain = Chain::begin(service, algorithm).await;
        let option = format!("--callgrind-out-file={}", listing.display());
        let command: [&Path; 5] = [
            "valgrind".as_ref(),
            "--quiet".as_ref(),
            "--tool=callgrind".as_ref(),
            option.as_ref(),
            binary,
        ];
        let mut function = Function::start(&command, &service.environment).await;
        chain.refresh(&mut function, refreshes).await;
        function.stop().await;
        counts.push(total(&listing));
    }
    let each = (counts[1] - counts[0]) / u64::from(CHAINS[1] - CHAINS[0]);
    (each, listing)
}

fn total(listing: &Path) -> u64 {
    let text = std::fs::read_to_string(listing).expect("callgrind has written");
    let line = text.lines().find_map(|line| line.strip_prefix("totals: "));
    let count = line.and_then(|count| count.trim().parse().ok());
    count.expect("a total")
}

/// The most expensive functions, callees included.
fn annotated(listing: &Path) -> String {
    let output = Command::new("callgrind_annotate")
        .arg("--inclusive=yes")
        .arg(listing)
        .output()
        .expect("callgrind_annotate comes with valgrind");
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.contains('%'))
        .take(LINES)
        .collect();
    lines.join("\n")
}
