//! The tenant file: applications, APIs, settings, scripts and users in the format of [Auth0's deploy CLI].
//!
//! [`parse`] turns the text into the types of the domain, [`import`](fn@import) puts them into the
//! table. A key that Auth0 does not know is a warning, a value that Auth0 would refuse is an error
//! with its line, column and path. Keys that Auth0 knows and Ratchet does not use are passed over;
//! there is a warning where that makes the tenant behave otherwise than at Auth0.
//!
//! [Auth0's deploy CLI]: https://auth0.com/docs/deploy-monitor/deploy-cli-tool

mod actions;
mod attack_protection;
mod best_practice;
mod client_auth;
mod client_grants;
mod clients;
mod databases;
mod device_flow;
mod document;
mod error;
mod fields;
mod grant_types;
mod import;
mod import_algorithms;
mod import_destination;
mod import_hashes;
mod import_scripts;
mod import_users;
mod keywords;
mod known;
mod mobile;
mod multi_resource;
mod node;
mod oidc_logout;
mod passwords;
mod path;
mod rate_limit;
mod refresh_token;
mod resource_servers;
mod roles;
mod rules;
mod script_files;
mod scripts;
mod settings;
mod urls;
mod users;

use std::{
    fs,
    path::{Path as FilePath, PathBuf},
};

use serde::Deserialize;
use serde_json::{Map, Value};
use shared::{
    domain::{
        brute_force::AttackProtection, client::Client, connection::Connection, mobile::MobileApps,
        resource_server::ResourceServer, secret::Secret, settings::Settings, user::User,
    },
    password::PasswordHash,
};

pub use self::{
    best_practice::{Finding, Level},
    error::{LoadError, TenantFileError},
    import::{ImportError, Imported, import},
    import_algorithms::unpublished_algorithms,
    import_destination::{Destination, Evictions},
    keywords::{InvalidMappings, Keywords},
    scripts::ScriptEntries,
    users::{InvalidEmail, parse_email},
};
use self::{
    document::Document,
    path::{Notes, Path},
    script_files::ScriptFiles,
};

/// What a tenant file says.
#[derive(Debug, Clone, Default)]
pub struct Tenant {
    /// Settings of the whole tenant (`tenant` and `branding`); Auth0's defaults where the file is
    /// silent.
    pub settings: Settings,
    /// Whether the file has `tenant` or `branding` at all. As with the deploy CLI, an absent key
    /// leaves what is in the table untouched.
    pub settings_given: bool,
    /// What stands between a guesser and a password (`attackProtection`); `None` leaves it as it is.
    pub attack_protection: Option<AttackProtection>,
    /// The user databases.
    pub connections: Vec<Connection>,
    /// The applications, with their client grants.
    pub clients: Vec<ClientEntry>,
    /// The APIs.
    pub resource_servers: Vec<ResourceServerEntry>,
    /// What runs at a login.
    pub scripts: ScriptEntries,
    /// The users.
    pub users: Vec<UserEntry>,
    /// What was passed over, one line each: `14:3: clients[0].callback: unknown key`.
    pub warnings: Vec<String>,
    /// What of RFC 9700 the file breaks.
    pub findings: Vec<Finding>,
}

/// An application and what must not be stored in clear.
#[derive(Debug, Clone)]
pub struct ClientEntry {
    /// The application, its `secret` still unset.
    pub client: Client,
    /// `client_secret`; `None` for public clients and for those that only hold a key.
    pub client_secret: Option<Secret>,
    /// `mobile`: the phone apps that its https callbacks open.
    pub mobile: MobileApps,
}

/// An API and what must not be stored in clear.
#[derive(Debug, Clone)]
pub struct ResourceServerEntry {
    /// The API, its `sealed_signing_secret` still unset.
    pub resource_server: ResourceServer,
    /// `signing_secret`; present exactly for HS256.
    pub signing_secret: Option<Secret>,
}

/// A user and how the password is given.
#[derive(Debug, Clone)]
pub struct UserEntry {
    /// The user. `created_at` and `updated_at` are zero where the file is silent, and `user_id` only stands for
    /// the user within the file.
    pub user: User,
    /// The password, or nothing that can be compared with one.
    pub password: Password,
    /// Whether the file gives `user_id`; otherwise a user who exists under the same login name keeps
    /// the id, and a new user gets a random one.
    pub id_given: bool,
    /// Whether the file says `blocked`; otherwise a user who exists stays as blocked as before.
    pub blocked_given: bool,
    /// Whether the file says `roles` or `permissions`; otherwise a user who exists keeps them.
    pub permissions_given: bool,
}

/// How a tenant file gives a user's password.
#[derive(Debug, Clone)]
pub enum Password {
    /// Not at all: a new user cannot log in with one, an existing user keeps the old one.
    Absent,
    /// In clear (`password`); hashed on import.
    Plain(Secret),
    /// As a hash (`password_hash` or `custom_password_hash`).
    Hash(PasswordHash),
}

/// The top level of the file; a section that is absent or null is `None`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawTenant {
    tenant: Option<settings::RawSettings>,
    branding: Option<settings::RawBranding>,
    attack_protection: Option<attack_protection::RawAttackProtection>,
    clients: Option<Vec<clients::RawClient>>,
    resource_servers: Option<Vec<resource_servers::RawResourceServer>>,
    client_grants: Option<Vec<client_grants::RawClientGrant>>,
    databases: Option<Vec<databases::RawDatabase>>,
    roles: Option<Vec<roles::RawRole>>,
    rules: Option<Vec<rules::RawRule>>,
    rules_configs: Option<Vec<scripts::RawConfiguration>>,
    actions: Option<Vec<actions::RawAction>>,
    triggers: Option<actions::RawTriggers>,
    users: Option<Vec<users::RawUser>>,
}

/// Reads a tenant file that lies in no folder: its scripts stand in it. Lines and columns in errors count
/// in the text after its keywords were replaced, which moves them only where a replacement has several
/// lines.
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
    let (raw, mut notes) = document.deserialize::<RawTenant>()?;
    let mut tenant = raw
        .check(document.attributes(), files, &mut notes)
        .map_err(|fault| document.locate(&fault))?;
    tenant.findings = best_practice::findings(&tenant, &document, &mut notes);
    tenant.warnings = document.warnings(notes);
    Ok(tenant)
}

/// Reads a tenant file from disk, and the scripts that it names; errors and warnings begin with the name of
/// the file that they are about.
pub fn load(file: &FilePath, keywords: &Keywords) -> Result<Tenant, LoadError> {
    load_watched(file, keywords).0
}

/// The same, with the files that the outcome depends on, whether they are there or not.
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

impl RawTenant {
    fn check(
        self,
        attributes: Vec<Map<String, Value>>,
        files: &ScriptFiles<'_>,
        notes: &mut Notes,
    ) -> path::Checked<Tenant> {
        let root = Path::root();
        let settings_given = self.tenant.is_some() || self.branding.is_some();
        let attack_protection =
            attack_protection::check(self.attack_protection, &root.key("attackProtection"))?;
        let mut clients = clients::check(self.clients, &root.key("clients"), notes)?;
        let databases = databases::check(self.databases, &root.key("databases"), &clients, notes)?;
        let resource_servers =
            resource_servers::check(self.resource_servers, &root.key("resourceServers"))?;
        let apis = resource_servers.as_deref();
        client_grants::merge(
            self.client_grants,
            &root.key("clientGrants"),
            &mut clients,
            apis,
            notes,
        )?;
        multi_resource::check_references(&clients, &root.key("clients"), apis, notes);
        let settings = settings::check(self.tenant, self.branding, &root)?;
        settings::check_references(&settings, &root.key("tenant"), apis, &databases, notes)?;
        warn_of_our_parameters(&root, &clients, &settings, notes);
        let scripts = scripts::RawScripts {
            rules: self.rules,
            configuration: self.rules_configs,
            actions: self.actions,
            triggers: self.triggers,
        };
        let scripts = scripts::check(scripts, &root, files, notes)?;
        let roles = roles::Roles::check(self.roles, &root.key("roles"), apis)?;
        let around = users::Surroundings {
            databases: &databases,
            roles: &roles,
            apis,
        };
        let users = users::check(self.users, attributes, &root.key("users"), &around, notes)?;
        Ok(Tenant {
            settings,
            settings_given,
            attack_protection,
            connections: databases.into_connections(),
            clients,
            resource_servers: resource_servers.unwrap_or_default(),
            scripts,
            users,
            warnings: Vec::new(),
            findings: Vec::new(),
        })
    }
}

/// Of every address that parameters are added to: callbacks, logout addresses, and where a login begins anew.
fn warn_of_our_parameters(
    root: &Path,
    clients: &[ClientEntry],
    settings: &Settings,
    notes: &mut Notes,
) {
    const LOGOUT: &str = "allowed_logout_urls";
    let mut warn_list = |at: Path, addresses: &[String]| {
        for (index, text) in addresses.iter().enumerate() {
            urls::warn_of_our_parameters(&at.index(index), text, &urls::OF_ANSWERS, notes);
        }
    };
    let at = root.key("clients");
    for (index, ClientEntry { client, .. }) in clients.iter().enumerate() {
        let at = at.index(index);
        warn_list(at.key("callbacks"), &client.callbacks);
        warn_list(at.key(LOGOUT), &client.allowed_logout_urls);
    }
    let tenant = root.key("tenant");
    warn_list(tenant.key(LOGOUT), &settings.allowed_logout_urls);
    let of_clients = clients.iter().enumerate().map(|(index, entry)| {
        let at = at.index(index).key("initiate_login_uri");
        (at, &entry.client.initiate_login_uri)
    });
    let at = tenant.key("default_redirection_uri");
    for (at, route) in of_clients.chain([(at, &settings.default_redirection_uri)]) {
        if let Some(text) = route {
            urls::warn_of_our_parameters(&at, text, &urls::OF_LOGIN_ROUTES, notes);
        }
    }
}

/// What the tests of every section ask.
#[cfg(test)]
mod testing {
    use std::fs;

    use tempfile::TempDir;

    use super::{Keywords, Tenant, load, parse};

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
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

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
