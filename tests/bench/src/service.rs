//! The surroundings of the function: a stack in moto, a `DynamoDB` and a KMS on loopback, and the other functions for
//! the login.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use harness::Server;

use crate::tenant::Tenant;

/// Environment variables of a function.
pub type Environment = BTreeMap<String, String>;

/// A running service; it stops when its standard input is closed.
pub struct Service {
    watch: Child,
    pub server: Server,
    /// Environment of the token function.
    pub environment: Environment,
}

impl Service {
    /// Starts the front of the deployment's tests with this signing mode and tenant.
    pub fn start(mode: &str, tenant: &Tenant) -> Self {
        let python = target().join("deploy/bin/python");
        assert!(
            python.exists(),
            "{} is not there: tests/run makes it",
            python.display()
        );
        let mut watch = Command::new(python)
            .args(["tests/deploy/binaries.py", &format!("SigningMode={mode}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts the service");
        let output = watch.stdout.take().expect("standard output is piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let line = lines
            .next()
            .expect("the service prints the environments of the functions");
        let mut environments: BTreeMap<String, Environment> =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"));
        let issuer = lines.next().expect("the service prints its issuer");
        let issuer = issuer.strip_prefix("ready ").expect("it is ready");
        let environment = environments
            .remove("token")
            .expect("there is a token function");
        import(tenant, &environment);
        Self {
            watch,
            server: Server::at(issuer),
            environment,
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        // The process stops in any case.
        let _ = self.watch.wait();
    }
}

/// Imports a tenant file as an operator does.
fn import(tenant: &Tenant, environment: &Environment) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tenant.yaml");
    std::fs::write(&file, &tenant.file).expect("the tenant file can be written");
    for (name, script) in &tenant.scripts {
        std::fs::write(folder.path().join(name), script).expect("a script can be written");
    }
    let done = Command::new(target().join("debug/admin"))
        .args([Path::new("tenant"), Path::new("import"), &file])
        .envs(environment)
        .stdout(Stdio::null())
        .status()
        .expect("build it first: cargo build --workspace");
    assert!(done.success(), "the tenant cannot be imported");
}

/// The folder of builds and virtual environments.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}
