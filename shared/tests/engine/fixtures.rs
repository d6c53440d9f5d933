//! Scripts to run, and a world that remembers what it was asked for.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt};
use serde_json::{Value, json};
use shared::{
    domain::{
        login_flow::{Action, Rule, Scripts},
        secret::Secret,
    },
    engine::{
        Engine, Host, HostCall, HostError, Limits, Output, Program, Report, Run, ScriptFailure,
        Told,
    },
};

/// Remembers every call and answers as it is told.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) calls: Mutex<Vec<HostCall>>,
    pub(crate) delay: Duration,
    /// How many have been answered.
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

/// Limits under which a loop is quick, and a busy machine ends no run.
pub(crate) fn limits() -> Limits {
    Limits {
        cpu: Duration::from_millis(300),
        wall: Duration::from_mins(10),
        ..Limits::default()
    }
}

/// Rules named `first`, `second` ...
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

/// Actions named `first`, `second` ..., each with its name as a secret.
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

/// A run of these scripts for a user and a context of little.
pub(crate) fn run(scripts: &Scripts) -> Run {
    Run {
        program: Arc::new(Program::compile(scripts).unwrap()),
        issuer: "https://tenant.example/".to_owned(),
        user: json!({ "user_id": "auth0|1", "email": "ann@example.com" }),
        context: json!({ "clientID": "client", "accessToken": {}, "idToken": {} }),
        event: json!({ "user": { "user_id": "auth0|1" } }),
        continued: None,
        can_redirect: false,
        told: Told::Everything,
        left: None,
        host: Arc::new(World::default()),
    }
}

/// Runs rules in an engine of their own.
pub(crate) async fn report(sources: &[&str]) -> Report {
    Engine::new(limits()).run(run(&rules(sources))).await
}

/// The same, where there is an answer.
pub(crate) async fn output(sources: &[&str]) -> Output {
    let report = report(sources).await;
    report
        .result
        .unwrap_or_else(|failure| panic!("{failure}; {:?}", report.logs))
}

/// The same, where there is none.
pub(crate) async fn failure(sources: &[&str]) -> ScriptFailure {
    report(sources).await.result.expect_err("an answer")
}
