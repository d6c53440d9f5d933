//! Reading a tenant file: keywords, YAML, sections, and the findings of RFC 9700.

use std::{
    fs,
    path::{Path as FilePath, PathBuf},
};

use crate::{
    best_practice,
    error::{LoadError, TenantFileError},
    model::Tenant,
    sections::{RawTenant, ScriptFiles, attributes, note_unread},
    yaml::{Keywords, document::Document, path::Notes},
};

/// Parses a tenant file whose scripts are all inline. Lines and columns in errors refer to the text after keyword
/// replacement; they differ from the file's only if a replacement has several lines.
pub fn parse(text: &str, keywords: &Keywords) -> Result<Tenant, TenantFileError> {
    parse_beside(text, keywords, &ScriptFiles::new(None, keywords))
}

fn parse_beside(
    text: &str,
    keywords: &Keywords,
    files: &ScriptFiles<'_>,
) -> Result<Tenant, TenantFileError> {
    let text = keywords.replace(text)?;
    let document = Document::read(&text)?;
    let (raw, unread) = document.deserialize::<RawTenant>()?;
    let mut notes = Notes::default();
    note_unread(&unread, &document, &mut notes);
    let mut tenant = raw
        .check(&attributes(&unread, &document), files, &mut notes)
        .map_err(|fault| document.locate(&fault))?;
    tenant.findings = best_practice::findings(&tenant, &document, &mut notes);
    tenant.warnings = document.warnings(notes);
    Ok(tenant)
}

/// Reads a tenant file and the scripts that it names from disk. Errors and warnings begin with the name of the file
/// that they are about.
pub fn load(file: &FilePath, keywords: &Keywords) -> Result<Tenant, LoadError> {
    load_watched(file, keywords).0
}

/// [`load`], and the files that the outcome depends on, including files that do not exist.
pub fn load_watched(
    file: &FilePath,
    keywords: &Keywords,
) -> (Result<Tenant, LoadError>, Vec<PathBuf>) {
    let folder = file.parent().unwrap_or(FilePath::new(""));
    let files = ScriptFiles::new(Some(folder), keywords);
    let outcome = load_beside(file, keywords, &files);
    let mut read = files.into_read();
    read.insert(0, file.to_owned());
    (outcome, read)
}

fn load_beside(
    file: &FilePath,
    keywords: &Keywords,
    files: &ScriptFiles<'_>,
) -> Result<Tenant, LoadError> {
    let name = file.display().to_string();
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(source) => return Err(LoadError::Unreadable { file: name, source }),
    };
    match parse_beside(&text, keywords, files) {
        Ok(mut tenant) => {
            for warning in &mut tenant.warnings {
                warning.insert_str(0, &format!("{name}:"));
            }
            for finding in &mut tenant.findings {
                finding.file = Some(name.clone());
            }
            Ok(tenant)
        }
        Err(source) => Err(LoadError::Invalid { file: name, source }),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::testing;

    #[test]
    fn errors_and_warnings_begin_with_the_name_of_the_file() {
        let load = |text: &str| {
            let mut file = tempfile::NamedTempFile::with_suffix("tenant.yaml").unwrap();
            file.write_all(text.as_bytes()).unwrap();
            let name = file.path().display().to_string();
            (name, load(file.path(), &Keywords::new()))
        };
        let (name, outcome) = load("rule: []");
        assert_eq!(
            outcome.unwrap().warnings,
            [format!("{name}:1:1: rule: unknown key")]
        );
        let (name, outcome) = load("clients:\n  - name: ##NAME##");
        assert_eq!(
            outcome.unwrap_err().to_string(),
            format!("{name}:2:11: the keyword `##NAME##` has no value")
        );
    }

    #[test]
    fn every_address_that_gets_parameters_is_a_warning_where_it_has_one_of_them() {
        let text = "
clients:
  - client_id: app
    name: App
    app_type: spa
    callbacks: ['https://a.example/cb', 'https://a.example/cb?%63ode=1']
    allowed_logout_urls: ['https://a.example/bye?state=1']
    initiate_login_uri: 'https://a.example/login?from=us&%69ss=1'
  - client_id: other
    name: Other
    app_type: spa
    callbacks: ['https://b.example/cb?scope=1']
    initiate_login_uri: 'https://b.example/login?state=1&code=2'
tenant:
  allowed_logout_urls: ['https://b.example/bye?error=1']
  default_redirection_uri: 'https://b.example/?iss=1'
";
        let said = testing::warnings(text);
        for (place, name) in [
            ("clients[0].callbacks[1]", "code"),
            ("clients[0].allowed_logout_urls[0]", "state"),
            ("clients[0].initiate_login_uri", "iss"),
            ("clients[1].callbacks[0]", "scope"),
            ("tenant.allowed_logout_urls[0]", "error"),
            ("tenant.default_redirection_uri", "iss"),
        ] {
            let expected = format!("{place}: has `{name}` in its query, which Ratchet adds, too");
            let found = said.iter().filter(|warning| warning.ends_with(&expected));
            assert_eq!(found.count(), 1, "{expected}\n{said:#?}");
        }
        let about_queries = said.iter().filter(|said| said.contains("in its query"));
        assert_eq!(about_queries.count(), 6, "{said:#?}");
    }

    #[test]
    fn the_demo_tenant_is_fine() {
        let mut keywords = Keywords::new();
        keywords.set("ISSUER", "http://127.0.0.1:3000");
        let text = include_str!("../../local/tenant.yaml");
        let tenant = parse(text, &keywords).unwrap();
        assert_eq!(tenant.warnings, Vec::<String>::new());
        let ids: Vec<_> = tenant
            .clients
            .iter()
            .map(|entry| entry.client.client_id.as_str())
            .collect();
        assert_eq!(ids, ["demo-spa", "demo-native", "demo-web", "demo-m2m"]);
        assert_eq!(
            tenant.clients[0].client.callbacks,
            ["http://127.0.0.1:3000/demo"]
        );
        assert_eq!(
            tenant.clients[3].client.client_grants[0].scope.to_string(),
            "read:orders"
        );
        assert_eq!(tenant.resource_servers.len(), 2);
        assert_eq!(tenant.users.len(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let error = load(FilePath::new("no/such/tenant.yaml"), &Keywords::new()).unwrap_err();
        assert!(
            error.to_string().starts_with("no/such/tenant.yaml: "),
            "{error}"
        );
    }
}
