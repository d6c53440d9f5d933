//! Options and start of a server of our own.

use std::path::Path;

use reqwest::Url;
use tempfile::TempDir;

use crate::{
    deployed::require_own_server,
    process::Process,
    server::{Server, machine_time},
    tenant,
};

/// The options of a test's own server.
#[derive(Clone, Debug)]
pub struct Launch {
    tenant: String,
    files: Vec<(String, String)>,
    arguments: Vec<String>,
    env: Vec<(String, String)>,
    /// The time, in seconds, at which the clock of each server started from this value is stopped. It moves only by a
    /// millisecond per request and by the test: no cache grows old and no bucket fills up while the machine is busy.
    stopped_at: u64,
}

impl Default for Launch {
    fn default() -> Self {
        Self {
            tenant: tenant::base(),
            files: Vec::new(),
            arguments: Vec::new(),
            env: Vec::new(),
            stopped_at: machine_time(),
        }
    }
}

impl Launch {
    /// In memory, on any port, with the test controls and the tests' tenant.
    pub fn new() -> Self {
        Self::default()
    }

    /// With another tenant file.
    #[must_use]
    pub fn tenant(mut self, file: String) -> Self {
        self.tenant = file;
        self
    }

    /// With more sections of the tenant file.
    #[must_use]
    pub fn and_tenant(mut self, sections: &str) -> Self {
        self.tenant = format!("{}\n{sections}", self.tenant);
        self
    }

    /// With a file in the folder of the tenant file.
    #[must_use]
    pub fn file(mut self, name: &str, content: &str) -> Self {
        self.files.push((name.to_owned(), content.to_owned()));
        self
    }

    /// With another option and its value.
    #[must_use]
    pub fn option(mut self, name: &str, value: &str) -> Self {
        self.arguments.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// With data (and keys) in a folder.
    #[must_use]
    pub fn data(self, folder: &TempDir) -> Self {
        let folder = folder.path().display().to_string();
        self.option("--data", &folder)
    }

    /// On this port, for two servers that must have the same issuer.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        self.option("--port", &port.to_string())
    }

    /// With an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts the server; with `BASE_URL` set, the test is ignored.
    pub fn start(self, reason: &str) -> Server {
        require_own_server(reason);
        self.spawn()
    }

    pub(crate) fn spawn(&self) -> Server {
        let files = tempfile::tempdir().expect("a temporary folder");
        let path = files.path().join("tenant.yaml");
        write(files.path(), "tenant.yaml", &self.tenant);
        for (name, content) in &self.files {
            write(files.path(), name, content);
        }

        let text = |text: &str| text.to_owned();
        let clock = self.stopped_at.to_string();
        let mut arguments = vec![text("--test-controls"), text("--test-clock"), clock];
        arguments.extend([text("--tenant"), path.display().to_string()]);
        for (option, value) in [
            ("--port", "0"),
            ("--data", "memory"),
            ("--test-script-patience", "600"),
        ] {
            if !self.arguments.iter().any(|argument| argument == option) {
                arguments.extend([text(option), text(value)]);
            }
        }
        arguments.extend(self.arguments.iter().cloned());

        let process = Process::start(&arguments, &self.env, Some(files));
        let base = Url::parse(&process.ready().issuer).expect("the issuer is a URL");
        Server::new(base, Some(process), Some(self.stopped_at))
    }
}

/// Replaces a file atomically, so that the server never reads half of it.
pub(crate) fn write(folder: &Path, name: &str, content: &str) {
    let path = folder.join(name);
    let parent = path.parent().expect("the file lies in a folder");
    std::fs::create_dir_all(parent).expect("the folder can be made");
    let draft = path.with_extension("draft");
    std::fs::write(&draft, content).expect("the file can be written");
    std::fs::rename(&draft, &path).expect("the file can be replaced");
}
