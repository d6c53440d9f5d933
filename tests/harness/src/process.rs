//! A `local` process and its output.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tempfile::TempDir;

/// Maximum time until a server prints `ready`.
const START_LIMIT: Duration = Duration::from_mins(2);

/// Stops the server when its standard input closes: also when the test process is killed or exits without stopping a
/// shared server.
const WATCH: &str = r#""$@" </dev/null & child=$!
exec >&- 2>&-
read -r _
kill "$child" && wait "$child""#;

/// A running server; dropping it stops it.
pub struct Process {
    watch: Child,
    ready: Ready,
    log: Log,
    readers: Vec<JoinHandle<()>>,
    files: Option<TempDir>,
}

/// The lines that a server prints before it serves.
#[derive(Clone, Debug)]
pub struct Ready {
    /// The issuer, with its trailing slash.
    pub issuer: String,
    /// The address of the embedded DynamoDB; `None` if it does not listen.
    pub dynamodb: Option<String>,
    /// The access key that requests to it must name.
    pub dynamodb_key: Option<String>,
}

type Log = Arc<Mutex<String>>;

impl Process {
    /// Starts the binary and waits until it serves. The folder is removed with the process.
    pub fn start(arguments: &[String], env: &[(String, String)], files: Option<TempDir>) -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", WATCH, "watch"])
            .arg(binary())
            .args(arguments);
        command.envs(env.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut watch = command.spawn().expect("`sh` starts the server");

        let log = Log::default();
        let (lines, heard) = mpsc::channel();
        let output = watch.stdout.take().expect("standard output is piped");
        let output = collect(output, Arc::clone(&log), Some(lines));
        let errors = watch.stderr.take().expect("standard error is piped");
        let errors = collect(errors, Arc::clone(&log), None);

        let ready = wait_until_ready(&heard, &log);
        Self {
            watch,
            ready,
            log,
            readers: vec![output, errors],
            files,
        }
    }

    /// The values that the server printed when it was ready.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The folder that is removed with the process.
    pub fn folder(&self) -> &Path {
        let files = self.files.as_ref();
        files.expect("the server was started with a folder").path()
    }

    /// All output of the process so far, on standard output and standard error.
    pub fn log(&self) -> String {
        self.log.lock().expect("no reader panicked").clone()
    }

    /// Stops the server and returns its whole output.
    pub fn stop(mut self) -> String {
        self.close();
        self.log()
    }

    fn close(&mut self) {
        drop(self.watch.stdin.take());
        // The server stops in any case; its exit status does not matter to a test.
        let _ = self.watch.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.close();
        if thread::panicking() {
            eprintln!("--- the server's log ---\n{}", self.log());
        }
    }
}

/// The built server: `$CARGO_BIN`, or `local` in the folder that holds the test's own `deps`.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("CARGO_BIN") {
        return PathBuf::from(path);
    }
    let own = std::env::current_exe().expect("a program knows its own path");
    let name = format!("local{}", std::env::consts::EXE_SUFFIX);
    // A test is in target/<profile>/deps, the benchmark in target/<profile>.
    let beside = own.with_file_name(&name);
    let path = match own.ancestors().nth(2) {
        Some(profile) if !beside.exists() => profile.join(&name),
        _ => beside,
    };
    assert!(
        path.exists(),
        "{} is not built: run `cargo build --bin local` first (tests/run does), \
         or name the binary in CARGO_BIN",
        path.display()
    );
    if let Some(source) = newer_source(&path) {
        panic!(
            "{} is older than {}: run `cargo build --bin local` first (tests/run does)",
            path.display(),
            source.display()
        );
    }
    path
}

/// A source that has changed since the program was built, according to cargo's list of dependencies beside it: `cargo
/// test` alone would run an outdated program.
fn newer_source(program: &Path) -> Option<PathBuf> {
    let changed = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    let built = changed(program)?;
    let list = fs::read_to_string(program.with_extension("d")).ok()?;
    let (_, sources) = list.split_once(": ")?;
    let mut sources = sources.split_whitespace().map(PathBuf::from);
    sources.find(|source| changed(source).is_some_and(|at| at > built))
}

/// A free port that stays free: it is below the range from which the system assigns ports.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 20_000 + u16::try_from(std::process::id() % 8_000).expect("8000 fits");
    loop {
        let port = start + NEXT.fetch_add(1, Ordering::Relaxed) % 4_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn wait_until_ready(heard: &mpsc::Receiver<String>, log: &Log) -> Ready {
    let (mut dynamodb, mut dynamodb_key) = (None, None);
    loop {
        let line = heard.recv_timeout(START_LIMIT).unwrap_or_else(|_| {
            let log = log.lock().expect("no reader panicked");
            panic!("the server stopped or hung before it was ready:\n{log}")
        });
        if let Some(url) = line.strip_prefix("dynamodb ") {
            dynamodb = Some(url.trim_end_matches('/').to_owned());
        } else if let Some(key) = line.strip_prefix("dynamodb-key ") {
            dynamodb_key = Some(key.to_owned());
        } else if let Some(issuer) = line.strip_prefix("ready ") {
            return Ready {
                issuer: issuer.to_owned(),
                dynamodb,
                dynamodb_key,
            };
        }
    }
}

/// Collects the output of a pipe, so that it never fills up, and sends it on line by line.
fn collect(
    pipe: impl Read + Send + 'static,
    log: Log,
    lines: Option<mpsc::Sender<String>>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let mut log = log.lock().expect("no reader panicked");
            log.push_str(&line);
            log.push('\n');
            drop(log);
            if let Some(lines) = &lines {
                // The receiver is gone once the server is ready.
                let _ = lines.send(line);
            }
        }
    })
}
