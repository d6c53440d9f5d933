//! Scripts to run, and a host that records the calls to it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt};
use ratchet_domain::secret::Secret;
use ratchet_scripts::{
    Action, Rule, Scripts,
    engine::{
        Engine, Host, HostCall, HostError, Limits, Output, Program, ReadBack, Report, Run,
        ScriptFailure,
    },
};
use serde_json::{Value, json};

/// Records every call and answers it; an update with `refuse` fails.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) calls: Mutex<Vec<HostCall>>,
    pub(crate) delay: Duration,
    /// Number of calls that have been answered.
    pub(crate) done: Arc<AtomicUsize>,
}

impl Host for World {
    fn call(&self, call: HostCall) -> BoxFuture<'static, Result<Value, HostError>> {
        let answer = match &call {
            HostCall::UpdateAppMetadata { patch, .. }
            | HostCall::UpdateUserMetadata { patch, .. } => {
                if patch.contains_key("refuse") {
                    Err(HostError::from("refused"))
                } else {
                    Ok(Value::Object(patch.clone()))
                }
            }
            HostCall::Http(_) => Ok(json!({ "status": 200 })),
        };
        self.calls.lock().unwrap().push(call);
        let delay = self.delay;
        let done = Arc::clone(&self.done);
        async move {
            tokio::time::sleep(delay).await;
            done.fetch_add(1, Ordering::SeqCst);
            answer
        }
        .boxed()
    }
}

/// Limits that end a loop quickly, and end no run because a machine is busy.
pub(crate) fn limits() -> Limits {
    Limits {
        cpu: Duration::from_millis(300),
        wall: Duration::from_mins(10),
        ..Limits::default()
    }
}

/// Rules named `first`, `second` and so on.
pub(crate) fn rules(sources: &[&str]) -> Scripts {
    let names = ["first", "second", "third", "fourth"];
    let rules = sources
        .iter()
        .zip(names)
        .enumerate()
        .map(|(order, (source, name))| Rule {
            name: name.to_owned(),
            order: u32::try_from(order).unwrap(),
            script: (*source).to_owned(),
        });
    Scripts {
        rules: rules.collect(),
        actions: Vec::new(),
        configuration: BTreeMap::new(),
    }
}

/// Actions named `first`, `second` and so on, each with its name as a secret.
pub(crate) fn actions(sources: &[&str]) -> Scripts {
    let names = ["first", "second", "third", "fourth"];
    let actions = sources.iter().zip(names).map(|(source, name)| Action {
        name: name.to_owned(),
        code: (*source).to_owned(),
        secrets: [("MINE".to_owned(), Secret::new(name))].into(),
    });
    Scripts {
        actions: actions.collect(),
        ..Scripts::default()
    }
}

/// A run of these scripts with a small user and a small context.
pub(crate) fn run(scripts: &Scripts) -> Run {
    Run {
        program: Arc::new(Program::compile(scripts).unwrap()),
        issuer: "https://tenant.example/".to_owned(),
        user: json!({ "user_id": "auth0|1", "email": "ann@example.com" }),
        context: json!({ "clientID": "client", "accessToken": {}, "idToken": {} }),
        event: json!({ "user": { "user_id": "auth0|1" } }),
        continued: None,
        can_redirect: false,
        read_back: ReadBack::All,
        left: None,
        host: Arc::new(World::default()),
    }
}

/// Runs Rules in an engine of their own.
pub(crate) async fn report(sources: &[&str]) -> Report {
    Engine::new(limits()).run(run(&rules(sources))).await
}

/// Runs Rules and returns their answer.
pub(crate) async fn output(sources: &[&str]) -> Output {
    let report = report(sources).await;
    report
        .result
        .unwrap_or_else(|failure| panic!("{failure}; {:?}", report.logs))
}

/// Runs Rules and returns their failure.
pub(crate) async fn failure(sources: &[&str]) -> ScriptFailure {
    report(sources).await.result.expect_err("an answer")
}
