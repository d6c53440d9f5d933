//! Threads that do not come back: some loops of QuickJS's own never look at the clocks.

use std::time::Duration;

use shared::engine::{Engine, Limits, Report, ScriptFailure};

use crate::fixtures::{limits, rules, run};

/// Seconds in one search in a string.
const STUCK: &str = "function (user, context, callback) {
    const text = 'a'.repeat(30000);
    text.repeat(2).indexOf(text + 'b');
    callback(null, user, context);
}";
const FINE: &str = "function (user, context, callback) { callback(null, user, context); }";

/// The nice values that the kernel tells, of other tests' threads, too.
fn priorities_of_script_threads() -> Vec<i32> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let stats =
        tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("stat")).ok());
    stats
        .filter_map(|stat| {
            let (_, fields) = stat.split_once("(scripts) ")?;
            fields.split(' ').nth(16)?.parse().ok()
        })
        .collect()
}

#[tokio::test]
async fn a_thread_that_does_not_come_back_is_answered_for_and_replaced() {
    let engine = Engine::new(Limits {
        wall: Duration::from_millis(100),
        ..limits()
    });
    let stuck = run(&rules(&[STUCK]));
    // On a busy machine no thread may begin a run in time, which is then answered as such.
    while engine.abandoned() < 2 {
        let failure = engine.run(stuck.clone()).await.result.unwrap_err();
        let script = "first".to_owned();
        let late = [ScriptFailure::WallTime { script }, ScriptFailure::Busy];
        assert!(late.contains(&failure), "{failure:?}");
    }
    // Both were answered for while they still search.
    assert!(
        priorities_of_script_threads()
            .iter()
            .filter(|nice| **nice == 19)
            .count()
            >= 2
    );
    // Other threads take their place. One that never did would be waited for without end.
    while engine.run(run(&rules(&[FINE]))).await.result.is_err() {}
    // Those that come back after all end, and others may be replaced.
    while engine.abandoned() > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_run_for_which_no_thread_is_free_in_time_is_told_so() {
    let engine = Engine::new(Limits {
        wall: Duration::from_millis(100),
        ..limits()
    });
    let stuck = run(&rules(&[STUCK]));
    let runs = (0..6).map(|_| engine.run(stuck.clone()));
    let reports = futures_util::future::join_all(runs).await;
    let busy = |report: &&Report| report.result == Err(ScriptFailure::Busy);
    // Four threads at most; on a busy machine fewer of them begin in time.
    assert!(reports.iter().filter(busy).count() >= 2);
    assert!(reports.iter().all(|report| report.result.is_err()));
}

#[tokio::test]
async fn a_run_that_nobody_waits_for_any_more_gives_its_thread_back() {
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
