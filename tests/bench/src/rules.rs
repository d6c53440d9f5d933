//! The cost of Rules at a refresh: functions with different Rules, refreshing in turns within one run.

use std::path::Path;

use crate::{
    Chain, WARM_UP,
    function::Function,
    service::Service,
    tenant::{self, ALGORITHMS, RULES, Rules},
};

/// Number of turns; the median is reported.
const TURNS: u32 = 20;

/// A refreshing client with its own function. The service is dropped last.
struct Side {
    rules: Rules,
    function: Function,
    chain: Chain,
    /// CPU time of a refresh at each turn, in microseconds.
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
        "{:>15} {:>14} {:>14} {:>12}",
        "rules", "CPU a refresh", "above none", "resident"
    );
    let mut none = 0.0;
    for side in sides {
        let resident = side.function.usage().resident_kib;
        let spent = median(side.spent);
        if none == 0.0 {
            none = spent;
        }
        println!(
            "{:>15} {spent:>11.0} µs {:>11.0} µs {resident:>8} KiB",
            side.rules.name,
            spent - none
        );
        side.function.stop().await;
    }
}

impl Side {
    async fn start(binary: &Path, rules: Rules) -> Self {
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
