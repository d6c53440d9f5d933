//! The token function as a process of its own, and what the kernel says it used.

use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::runtime::Runtime;

/// A running function.
pub struct Function {
    runtime: Runtime,
    child: Child,
    started: Instant,
}

/// CPU and memory of a process.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub cpu: Duration,
    pub resident_kib: u64,
}

impl Function {
    /// Starts the binary on one core.
    pub async fn start(binary: &Path, environment: &[(&str, String)]) -> Self {
        let runtime = Runtime::start().await;
        let started = Instant::now();
        let child = Command::new("taskset")
            .args(["--cpu-list", "0"])
            .arg(binary)
            .env_clear()
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string()),
                ("AWS_LAMBDA_FUNCTION_NAME", "token".to_owned()),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1".to_owned()),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512".to_owned()),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "bench".to_owned()),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "bench".to_owned()),
                ("AWS_REGION", "eu-west-1".to_owned()),
                ("AWS_ACCESS_KEY_ID", "local".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ])
            .envs(environment.iter().cloned())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("`taskset` and the release binary are there");
        Self {
            runtime,
            child,
            started,
        }
    }

    /// How long ago it was started.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Posts a form to the token endpoint; the answer's status and body.
    pub async fn post(&mut self, form: &str) -> (u64, Value) {
        let event = json!({
            "version": "2.0",
            "routeKey": "POST /oauth/token",
            "rawPath": "/oauth/token",
            "rawQueryString": "",
            "headers": {
                "content-type": "application/x-www-form-urlencoded",
                "host": "login.example.com"
            },
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "login.example.com",
                "domainPrefix": "login", "requestId": "r", "routeKey": "POST /oauth/token",
                "stage": "$default", "time": "12/Mar/2026:19:03:58 +0000",
                "timeEpoch": 1_773_342_238_000_u64,
                "http": {
                    "method": "POST", "path": "/oauth/token", "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1", "userAgent": "bench"
                }
            },
            "body": form,
            "isBase64Encoded": false
        });
        let answer = self.runtime.invoke(event).await;
        let status = answer["statusCode"].as_u64().expect("a status");
        let body = answer["body"].as_str().unwrap_or_default();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// Ends it as Lambda does, so that a profiler around it can still write down what it saw.
    pub async fn stop(mut self) {
        let id = self.child.id().expect("the function runs").to_string();
        let told = Command::new("kill").arg(id).status().await;
        assert!(told.expect("`kill` is there").success());
        self.child.wait().await.expect("it ends");
    }

    /// What it has used so far.
    pub fn usage(&self) -> Usage {
        let id = self.child.id().expect("the function runs");
        // `schedstat` counts nanoseconds on a CPU, for every thread.
        let tasks = fs::read_dir(format!("/proc/{id}/task")).expect("its threads");
        let nanoseconds: u64 = tasks
            .filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
            .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
            .sum();
        let status = fs::read_to_string(format!("/proc/{id}/status")).expect("its status");
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|line| line.split_whitespace().next()?.parse().ok())
            .expect("its memory");
        Usage {
            cpu: Duration::from_nanos(nanoseconds),
            resident_kib: resident,
        }
    }
}
