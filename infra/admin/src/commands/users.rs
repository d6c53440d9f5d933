//! `users`: people who can log in.

use std::io::Read;

use clap::{Args, Subcommand};
use ratchet_domain::{
    brute_force::Guessed,
    ids::{ConnectionName, UserId},
    secret::Secret,
    time::Timestamp,
    user::{LoginName, Profile, User},
};
use ratchet_keys::password;
use ratchet_store::{CommitError, LoginRecord, PasswordNow, UserChange};
use ratchet_system::{Clock, random};
use ratchet_tenant::parse_email;

use super::{
    database,
    evictions::{Eviction, Of},
    load_login,
};
use crate::{connection::Connection, failure::Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum UsersCommand {
    /// Create a user who logs in with e-mail address and password.
    ///
    /// Prints the id, which is the `sub` of the user's tokens.
    #[command(after_help = "\
Examples:
  pass show ada | admin users create --email ada@example.com --password-stdin
  admin users create --email ada@example.com --name 'Ada Lovelace' --password-stdin < password.txt

The password is read from standard input and nowhere else, because everybody on a machine can read
the arguments of its programs. One line break at its end is cut off.")]
    Create(Create),
    /// Let a user log in again who was blocked, by an operator or after too many wrong passwords.
    ///
    /// Refresh tokens work again; sessions do not. Forgets the failed logins with all names of the user,
    /// from every address. A name without a user can be blocked, too.
    #[command(after_help = "\
Examples:
  admin users unblock ada@example.com
  admin users unblock ada --connection Staff")]
    Unblock(Unblock),
    /// End all that a user began.
    ///
    /// Sessions, refresh tokens, codes, approvals of devices and access tokens for `/userinfo` end at once;
    /// access tokens that are JWTs live on until they expire. The user can log in again. Applications that asked
    /// for it are sent logout tokens: needs the issuer and the keys.
    #[command(after_help = "\
Examples:
  admin users log-out ada@example.com
  admin users log-out 'auth0|5f7c8ec7c33c6c004bbafe82'")]
    LogOut(Of),
    /// Block a user: nothing of the user's is good until `users unblock`.
    ///
    /// Sessions end; refresh tokens are refused and work again once the user is unblocked. Needs the issuer and
    /// the keys.
    #[command(after_help = "\
Example:
  admin users block ada@example.com")]
    Block(Of),
    /// Delete a user, with all that the user began and agreed to.
    ///
    /// The id is never given to another user. Needs the issuer and the keys.
    #[command(after_help = "\
Example:
  admin users delete ada@example.com")]
    Delete(Of),
}

#[derive(Debug, Args)]
pub(crate) struct Unblock {
    /// The e-mail address or user name, or the user's id (`auth0|...`).
    user: String,

    /// The database [default: the tenant's default directory].
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The e-mail address, with which the user logs in.
    #[arg(long)]
    email: String,

    /// Read the password from standard input.
    #[arg(long, required = true)]
    password_stdin: bool,

    /// The full name [default: the e-mail address, as at Auth0].
    #[arg(long)]
    name: Option<String>,

    /// Say that the address is known to be the user's.
    #[arg(long)]
    email_verified: bool,

    /// The database [default: the tenant's default directory].
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
}

pub(crate) async fn run(command: UsersCommand, to: &Connection) -> Result<String, Failure> {
    match command {
        UsersCommand::Create(create) => create.run(to).await,
        UsersCommand::Unblock(unblock) => unblock.run(to).await,
        UsersCommand::LogOut(of) => of.run(Eviction::LogOut, to).await,
        UsersCommand::Block(of) => of.run(Eviction::Block, to).await,
        UsersCommand::Delete(of) => of.run(Eviction::Delete, to).await,
    }
}

impl Unblock {
    async fn run(self, to: &Connection) -> Result<String, Failure> {
        let store = to.store().await?;
        let database = database(&store, self.connection.as_deref()).await?;
        let record = if self.user.contains('|') {
            let id = UserId::parse(self.user.as_str())
                .map_err(|error| Failure::Usage(format!("the user's id {error}")))?;
            store.load_user(&id).await?
        } else {
            load_login(&store, &database, &self.user).await?
        };
        let blocked = record.as_ref().filter(|record| record.user.blocked);
        let blocked = blocked.map(|record| record.user.user_id.clone());
        if let Some(user) = &blocked {
            store.unblock_user(user).await?;
        }
        // Failures from before the user existed are counted under the name.
        let name = LoginName::parse(&self.user).map(|name| Guessed::Name(database, name));
        let user = record.map(|record| Guessed::User(record.user.user_id));
        let mut cleared = 0;
        for guessed in name.iter().chain(&user) {
            cleared += store.clear_failures(guessed).await?;
        }
        let unblocked = blocked.map_or_else(String::new, |user| format!("unblocked {user}\n"));
        let forgotten = match cleared {
            0 => format!("no failed logins as {}\n", self.user),
            1 => format!("forgot the failed logins as {} from one place\n", self.user),
            places => format!(
                "forgot the failed logins as {} from {places} places\n",
                self.user
            ),
        };
        Ok(unblocked + &forgotten)
    }
}

impl Create {
    async fn run(self, to: &Connection) -> Result<String, Failure> {
        let email =
            parse_email(&self.email).map_err(|error| Failure::Usage(format!("--email {error}")))?;
        let store = to.store().await?;
        let database = database(&store, self.connection.as_deref()).await?;
        if let Some(other) = load_login(&store, &database, &email).await? {
            let id = other.user.user_id;
            return Err(Failure::Refused(format!(
                "{email} is the address of {id} already"
            )));
        }
        let password = read_password()?;
        let now = Clock::system().now();
        let user = self.user(email, database, now);
        let id = user.user_id.to_string();
        let hash = password::hash(&password, random())?;
        let record = LoginRecord {
            user,
            password_hash: Some(hash),
            rehashed_from: None,
            revision: 0,
        };
        let change = UserChange {
            now,
            password: PasswordNow::Same,
        };
        let created = store.put_user(&record, None, change).await;
        created.map_err(|error| match error {
            CommitError::Conflict => Failure::Refused(format!(
                "{} was created by another request just now",
                self.email
            )),
            CommitError::Store(error) => error.into(),
        })?;
        Ok(format!("{id}\n"))
    }

    fn user(&self, email: String, connection: ConnectionName, now: Timestamp) -> User {
        let nickname = email.split('@').next().map(str::to_owned);
        let profile = Profile {
            name: Some(self.name.clone().unwrap_or_else(|| email.clone())),
            nickname,
            email: Some(email),
            email_verified: self.email_verified,
            ..Profile::default()
        };
        User::new(UserId::from_random(random()), connection, profile, now)
    }
}

fn read_password() -> Result<Secret, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(Failure::Stdin)?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| {
        line.strip_suffix('\r').unwrap_or(line)
    });
    if line.is_empty() {
        return Err(Failure::Refused(
            "the password on standard input is empty".to_owned(),
        ));
    }
    Ok(Secret::new(line))
}
