//! Scripts that do not end, or use up what there is.

use shared::engine::{Engine, ScriptFailure};

use crate::fixtures::{limits, rules, run};

const FINE: &str = "function (user, context, callback) { callback(null, user, context); }";

#[tokio::test]
async fn a_loop_ends_at_its_cpu_time_and_the_next_run_works() {
    let engine = Engine::new(limits());
    for body in [
        "for (;;) {}",
        "for (;;) { try { for (;;) {} } catch (e) {} finally { for (;;) {} } }",
    ] {
        let source = format!("function (user, context, callback) {{ {body} }}");
        let report = engine.run(run(&rules(&[&source]))).await;
        assert_eq!(
            report.result,
            Err(ScriptFailure::CpuTime {
                script: "first".to_owned()
            }),
            "{body}"
        );
        assert!(engine.run(run(&rules(&[FINE]))).await.result.is_ok());
    }
}
