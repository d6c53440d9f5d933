//! The sections of a tenant file, one module each: a section's form in the file, and the type that it is parsed into.

mod addresses;
mod apis;
mod attack_protection;
mod clients;
mod databases;
mod fields;
mod known;
mod rate_limit;
mod scripts;
mod settings;
mod unread;
mod urls;
mod users;

use serde::Deserialize;

use self::unread::Attributes;
pub use self::users::{InvalidEmail, parse_email};
pub(crate) use self::{
    scripts::ScriptFiles,
    unread::{attributes, note_unread},
};
use crate::{
    model::Tenant,
    yaml::path::{Checked, Notes, Path},
};

/// The top level of the file; a section that is absent or null is `None`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RawTenant {
    tenant: Option<settings::RawSettings>,
    branding: Option<settings::RawBranding>,
    attack_protection: Option<attack_protection::RawAttackProtection>,
    clients: Option<Vec<clients::RawClient>>,
    resource_servers: Option<Vec<apis::RawResourceServer>>,
    client_grants: Option<Vec<clients::RawClientGrant>>,
    databases: Option<Vec<databases::RawDatabase>>,
    roles: Option<Vec<users::RawRole>>,
    rules: Option<Vec<scripts::RawRule>>,
    rules_configs: Option<Vec<scripts::RawConfiguration>>,
    actions: Option<Vec<scripts::RawAction>>,
    triggers: Option<scripts::RawTriggers>,
    users: Option<Vec<users::RawUser>>,
}

impl RawTenant {
    /// Checks each section by itself and against the others. `attributes` are the users' keys that are not fields.
    pub(crate) fn check(
        self,
        attributes: &Attributes,
        files: &ScriptFiles<'_>,
        notes: &mut Notes,
    ) -> Checked<Tenant> {
        let root = Path::root();
        let has_settings = self.tenant.is_some() || self.branding.is_some();
        let attack_protection =
            attack_protection::check(self.attack_protection, &root.key("attackProtection"))?;
        let mut clients = clients::check(self.clients, &root.key("clients"), notes)?;
        let databases = databases::check(self.databases, &root.key("databases"), &clients, notes)?;
        let resource_servers = apis::check(self.resource_servers, &root.key("resourceServers"))?;
        let apis = resource_servers.as_deref();
        clients::merge_grants(
            self.client_grants,
            &root.key("clientGrants"),
            &mut clients,
            apis,
            notes,
        )?;
        clients::check_references(&clients, &root.key("clients"), apis, notes);
        let settings = settings::check(self.tenant, self.branding, &root)?;
        settings::check_references(&settings, &root.key("tenant"), apis, &databases, notes)?;
        addresses::warn_of_our_parameters(&root, &clients, &settings, notes);
        let scripts = scripts::RawScripts {
            rules: self.rules,
            configuration: self.rules_configs,
            actions: self.actions,
            triggers: self.triggers,
        };
        let scripts = scripts::check(scripts, &root, files, notes)?;
        let roles = users::Roles::check(self.roles, &root.key("roles"), apis)?;
        let around = users::Referenced {
            databases: &databases,
            roles: &roles,
            apis,
        };
        let users = users::check(self.users, attributes, &root.key("users"), &around, notes)?;
        Ok(Tenant {
            settings: has_settings.then_some(settings),
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
