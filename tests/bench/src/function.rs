//! The token function as a separate process, and its resource usage as reported by the kernel.

use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    task::JoinHandle,
};

use crate::{runtime::Runtime, service::Environment};

pub struct Function {
    runtime: Runtime,
    child: Child,
    started: Instant,
    log: JoinHandle<Work>,
}

/// CPU and memory that a process has used.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub user: Duration,
    pub kernel: Duration,
    pub resident_kib: u64,
}

impl Usage {
    pub fn cpu(self) -> Duration {
        self.user + self.kernel
    }
}

/// Average cost of an answer, from the function's own log.
#[derive(Clone, Copy, Debug, Default)]
pub struct Work {
    pub sign_calls: f64,
    pub read_units: f64,
    pub write_units: f64,
}

impl Function {
    /// Starts a command on one core.
    pub async fn start(command: &[&Path], environment: &Environment) -> Self {
        let runtime = Runtime::start().await;
        let started = Instant::now();
        let mut child = Command::new("taskset")
            .args(["--cpu-list", "0"])
            .args(command)
            .env_clear()
            .envs([
                ("PATH", std::env::var("PATH").unwrap_or_default()),
                ("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string()),
                ("AWS_LAMBDA_FUNCTION_NAME", "token".to_owned()),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1".to_owned()),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512".to_owned()),
            ])
            .envs(environment)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("`taskset` and the binary are there");
        let output = child.stdout.take().expect("standard output is piped");
        Self {
            runtime,
            child,
            started,
            log: tokio::spawn(read(output)),
        }
    }

    /// Time since the start.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Posts a form to the token endpoint; returns the status and the body of the answer.
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

    /// Stops the function as Lambda does, so that a profiler around it can still write its report; returns the average
    /// cost of its answers.
    pub async fn stop(mut self) -> Work {
        let id = self.child.id().expect("the function runs").to_string();
        let status = Command::new("kill").arg(id).status().await;
        assert!(status.expect("`kill` is there").success());
        self.child.wait().await.expect("it ends");
        self.log.await.expect("its log can be read")
    }

    pub fn usage(&self) -> Usage {
        let id = self.child.id().expect("the function runs");
        let read = |name: &str| fs::read_to_string(format!("/proc/{id}/{name}")).expect(name);
        // `schedstat` counts nanoseconds on a CPU for each thread; `stat` divides ticks into user time and kernel time.
        let tasks = fs::read_dir(format!("/proc/{id}/task")).expect("its threads");
        let nanoseconds: u64 = tasks
            .filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
            .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
            .sum();
        let cpu = Duration::from_nanos(nanoseconds);
        let stat = read("stat");
        let (_, fields) = stat.rsplit_once(") ").expect("a name in brackets");
        let ticks: Vec<f64> = fields.split(' ').filter_map(|n| n.parse().ok()).collect();
        // Counted from after the state, which is not a number: user time is the eleventh field, system time the next.
        let (user, kernel) = (ticks[10], ticks[11]);
        let kernel = cpu.mul_f64(kernel / (user + kernel).max(1.0));
        let status = read("status");
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|line| line.split_whitespace().next()?.parse().ok())
            .expect("its memory");
        Usage {
            user: cpu.saturating_sub(kernel),
            kernel,
            resident_kib: resident,
        }
    }
}

/// Reads the log to its end.
async fn read(output: ChildStdout) -> Work {
    let (mut sum, mut answers) = (Work::default(), 0.0);
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        if line.get("ms").is_some() {
            let number = |name: &str| line[name].as_f64().expect("the log has every cost");
            sum.sign_calls += number("sign_calls");
            sum.read_units += number("read_units");
            sum.write_units += number("write_units");
            answers += 1.0;
        }
    }
    Work {
        sign_calls: sum.sign_calls / answers,
        read_units: sum.read_units / answers,
        write_units: sum.write_units / answers,
    }
}
