//! Options and commands of the command line.

use clap::{Parser, Subcommand};

use crate::{
    commands::{
        actions::ActionsCommand, addresses::AddressesCommand, clients::ClientsCommand,
        families::FamiliesCommand, grants::GrantsCommand, keys::KeysCommand, preflight::Preflight,
        rules::RulesCommand, sessions::SessionsCommand, tenant::TenantCommand, users::UsersCommand,
    },
    connection::Connection,
};

/// Operates a Ratchet stack: tenant file, users, addresses, sessions, refresh tokens, keys, scripts.
///
/// Works on the stack's table directly. Region, credentials and profile are those of every AWS tool
/// (`AWS_REGION`, `AWS_PROFILE`, ...); the table, and where needed the issuer and the keys, are options.
#[derive(Debug, Parser)]
#[command(
    name = "admin",
    version,
    after_help = "\
Examples:
  Check a tenant file without touching anything:
    admin tenant import tenant.yaml --dry-run
  Import it into a stack:
    admin --table ratchet-prod --issuer https://login.example.com/ --key-file keys.json \\
        tenant import tenant.yaml --set HOST=app.example.com
  See what refresh tokens a user holds, and end those of a lost phone:
    admin --table ratchet-prod families list ada@example.com
    admin --table ratchet-prod families revoke ada@example.com --client demo-native

  End all that a user began, on every device:
    admin --table ratchet-prod users log-out ada@example.com

Every command leaves an audit event: who, what, on whom, and how it ended.
The local server has a table, too. Start it with `cargo local --dynamodb-port 8000`, then, with the key that it
prints:
    AWS_ACCESS_KEY_ID=<key> cargo admin --endpoint http://127.0.0.1:8000 --table ratchet families list ada@example.com"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: Connection,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tenant files in the format of Auth0's deploy CLI.
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// People who can log in.
    #[command(subcommand)]
    Users(UsersCommand),
    /// Addresses that are throttled for failed logins with many names.
    #[command(subcommand)]
    Addresses(AddressesCommand),
    /// Browser sessions: where users are logged in.
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// Applications: the clients of the tenant.
    #[command(subcommand)]
    Clients(ClientsCommand),
    /// Families of refresh tokens: each is everything that descends from one login.
    #[command(subcommand)]
    Families(FamiliesCommand),
    /// Grants of users to applications, by consent or by logging in.
    #[command(subcommand)]
    Grants(GrantsCommand),
    /// The keys that seal refresh tokens, codes and sessions.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Rules: functions of the tenant's that run at every login and every refresh.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Post-login Actions, which run after the rules.
    #[command(subcommand)]
    Actions(ActionsCommand),
    /// Read the limits of the AWS account, and say which of them a load reaches first.
    ///
    /// Changes nothing, and works before there is a stack. The status is 1 if a limit does not carry the load, or
    /// if one could not be read; each of these says which permission it needs.
    #[command(after_help = "\
Examples:
  admin --signing-mode wrapped preflight --refreshes-per-second 2000
  admin --signing-mode kms --signing-keys ES256 --table ratchet-prod preflight --refreshes-per-second 300

Limits of the account are shared with everything else in it. The figures are the highest load that each limit
carries alone; cold environments are taken to need 0.3 s, which a test of your own should confirm.")]
    Preflight(Preflight),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_and_every_option_explains_itself() {
        fn check(command: &clap::Command) {
            assert!(
                command.get_about().is_some(),
                "{} has no help",
                command.get_name()
            );
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} has no help",
                    argument.get_id()
                );
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
