//! What the tests of every section ask.

use std::fs;

use tempfile::TempDir;

use crate::{
    load::{load, parse},
    model::Tenant,
    yaml::Keywords,
};

/// The tenant of a file that is fine. Of RFC 9700 it breaks what short files break, without a warning.
pub(crate) fn tenant(text: &str) -> Tenant {
    let mut tenant = whole_tenant(text);
    let found = tenant.findings.iter().map(|found| found.at.to_string());
    let found: Vec<String> = found.collect();
    tenant.warnings.retain(|warning| !found.contains(warning));
    tenant
}

/// The same with every warning.
pub(crate) fn whole_tenant(text: &str) -> Tenant {
    match parse(text, &Keywords::new()) {
        Ok(tenant) => tenant,
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// The one line about a file that is not.
pub(crate) fn error(text: &str) -> String {
    match parse(text, &Keywords::new()) {
        Ok(_) => panic!("no error in\n{text}"),
        Err(error) => error.to_string(),
    }
}

/// A tenant file in a folder of its own.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new(text: &str) -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.write("tenant.yaml", text.as_bytes());
        folder
    }

    /// Puts a file beside it.
    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The tenant, or what is wrong; files are named as seen from the folder.
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
