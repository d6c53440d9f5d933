//! Helpers for the tests of every section.

use std::fs;

use tempfile::TempDir;

use crate::{
    load::{load, parse},
    model::Tenant,
    yaml::Keywords,
};

/// The tenant of a valid file, without the warnings that are also findings of RFC 9700: short files cause those.
pub(crate) fn tenant(text: &str) -> Tenant {
    let mut tenant = whole_tenant(text);
    let found = tenant.findings.iter().map(|found| found.at.to_string());
    let found: Vec<String> = found.collect();
    tenant.warnings.retain(|warning| !found.contains(warning));
    tenant
}

/// The tenant of a valid file, with every warning.
pub(crate) fn whole_tenant(text: &str) -> Tenant {
    match parse(text, &Keywords::new()) {
        Ok(tenant) => tenant,
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// The error of an invalid file, as one line.
pub(crate) fn error(text: &str) -> String {
    match parse(text, &Keywords::new()) {
        Ok(_) => panic!("no error in\n{text}"),
        Err(error) => error.to_string(),
    }
}

/// A tenant file in its own folder.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new(text: &str) -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.write("tenant.yaml", text.as_bytes());
        folder
    }

    /// Writes a file beside the tenant file.
    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The tenant or the error, with file names relative to the folder.
    pub(crate) fn load(&self) -> Result<Tenant, String> {
        let mut keywords = Keywords::from_json(r#"{"LIST": ["a"]}"#).unwrap();
        keywords.set("HOST", "app.example");
        let here = format!("{}/", self.0.path().display());
        let named = |text: String| text.replace(&here, "");
        match load(&self.0.path().join("tenant.yaml"), &keywords) {
            Ok(mut tenant) => {
                let warnings = tenant.warnings.into_iter();
                tenant.warnings = warnings.map(named).collect();
                Ok(tenant)
            }
            Err(error) => Err(named(error.to_string())),
        }
    }

    pub(crate) fn error(&self) -> String {
        self.load().unwrap_err()
    }
}

/// The warnings about a file.
pub(crate) fn warnings(text: &str) -> Vec<String> {
    tenant(text).warnings
}
