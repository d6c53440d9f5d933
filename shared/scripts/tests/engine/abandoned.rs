//! Threads that do not return, because some loops within QuickJS never check the clocks. The tests of `pool.rs` cover
//! the slots, for which they need no such loop.

use std::time::Duration;

use ratchet_scripts::engine::{Engine, Limits, ScriptFailure};

use crate::fixtures::{limits, rules, run};

/// A search in a string that takes hours on any machine. It ends with the process, and takes no CPU from other tests:
/// its thread has the lowest priority once it is abandoned.
const STUCK: &str = "function (user, context, callback) {
    const text = 'a'.repeat(5e6);
    text.repeat(2).indexOf(text + 'b');
    callback(null, user, context);
}";
const FINE: &str = "function (user, context, callback) { callback(null, user, context); }";

/// Number of the scripts' threads that have the lowest priority, by the kernel's account.
fn threads_of_lowest_priority() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let stats =
        tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("stat")).ok());
    let nice = stats.filter_map(|stat| {
        let (_, fields) = stat.split_once("(scripts) ")?;
        fields.split(' ').nth(16)?.parse::<i32>().ok()
    });
    nice.filter(|nice| *nice == 19).count()
}

#[tokio::test]
async fn a_thread_that_does_not_come_back_is_answered_for_and_replaced() {
    let engine = Engine::new(Limits {
        wall: Duration::from_millis(200),
        ..limits()
    });
    let stuck = run(&rules(&[STUCK]));
    // Both runs get an answer while their threads still search. On a busy machine a thread may time out before it
    // reaches the search, and then returns, so the loop goes on until there are two.
    while engine.abandoned() < 2 || threads_of_lowest_priority() < 2 {
        let failure = engine.run(stuck.clone()).await.result.unwrap_err();
        let script = "first".to_owned();
        assert_eq!(failure, ScriptFailure::WallTime { script });
    }
    // Other threads take their place. Without them, this loop would never end.
    while engine.run(run(&rules(&[FINE]))).await.result.is_err() {}
}

#[tokio::test]
async fn a_run_whose_caller_has_gone_gives_its_thread_back() {
    let engine = Engine::new(Limits {
        cpu: Duration::from_mins(10),
        wall: Duration::from_mins(10),
        ..limits()
    });
    let endless = [
        "function (user, context, callback) { for (;;) {} }",
        "function (user, context, callback) { setTimeout(callback, 1e9); }",
    ];
    for n in 0..6 {
        let run = run(&rules(&[endless[n % 2]]));
        let patience = Duration::from_millis(50);
        assert!(
            tokio::time::timeout(patience, engine.run(run))
                .await
                .is_err()
        );
    }
    let report = engine.run(run(&rules(&[FINE]))).await;
    assert_eq!(report.result.map(|_| ()), Ok(()));
}
