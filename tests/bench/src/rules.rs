//! What Rules cost a refresh: functions with none, one and five of them, refreshing by turns in one run.

use std::path::Path;

use crate::{
    Chain, WARM_UP,
    function::Function,
    service::Service,
    tenant::{self, ALGORITHMS},
};

/// How many rules each function runs.
const RULES: [usize; 3] = [0, 1, 5];

/// Turns, of which the median is told.
const TURNS: u32 = 20;

/// A refreshing client of a function of its own. The service goes last.
struct Side {
    rules: usize,
    function: Function,
    chain: Chain,
    /// CPU of a refresh at each turn, in microseconds.
    spent: Vec<f64>,
    _service: Service,
}

/// Measures `refreshes` of each, in turns.
pub async fn run(binary: &Path, refreshes: u32) {
    let mut sides = Vec::new();
    for rules in RULES {
        sides.push(Side::start(binary, rules).await);
    }
    let batch = (refreshes / TURNS).max(1);
    for _ in 0..TURNS {
        for side in &mut sides {
            side.turn(batch).await;
        }
    }
    println!(
        "{:>6} {:>14} {:>14} {:>12}",
        "rules", "CPU a refresh", "above none", "resident"
    );
    let mut none = 0.0;
    for side in sides {
        let resident = side.function.usage().resident_kib;
        let spent = median(side.spent);
        if side.rules == 0 {
            none = spent;
        }
        println!(
            "{:>6} {spent:>11.0} µs {:>11.0} µs {resident:>8} KiB",
            side.rules,
            spent - none
        );
        side.function.stop().await;
    }
}

impl Side {
    async fn start(binary: &Path, rules: usize) -> Self {
        let service = Service::start("wrapped", &tenant::with_rules(rules));
        let mut chain = Chain::begin(&service, ALGORITHMS[0]).await;
        let mut function = Function::start(&[binary], &service.environment).await;
        chain.refresh(&mut function, WARM_UP).await;
        Self {
            rules,
            function,
            chain,
            spent: Vec::new(),
            _service: service,
        }
    }

    async fn turn(&mut self, refreshes: u32) {
        let before = self.function.usage();
        self.chain.refresh(&mut self.function, refreshes).await;
        let spent = self.function.usage().cpu().saturating_sub(before.cpu());
        self.spent
            .push((spent / refreshes).as_secs_f64() * 1_000_000.0);
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
