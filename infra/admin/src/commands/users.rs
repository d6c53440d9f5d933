//! `users`: people who can log in.

use std::{collections::BTreeMap, io::Read};

use clap::{Args, Subcommand};
use serde_json::Map;
use shared::{
    adapters::dynamo::{CommitError, LoginRecord, PasswordNow, UserChange},
    domain::{
        brute_force::Guessed,
        ids::{ConnectionName, UserId},
        secret::Secret,
        time::Timestamp,
        user::{LoginName, LoginStats, Profile, User},
        valid_from::ValidFrom,
    },
    password::PasswordHash,
    system::{Clock, random},
};
use tenant::parse_email;

use super::{database, load_login};
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
    /// Let a user log in again who was blocked after too many wrong passwords.
    ///
    /// Forgets the failed logins with all names of the user, wherever they came from. A name that is
    /// nobody's can be blocked, too.
    #[command(after_help = "\
Examples:
  admin users unblock ada@example.com
  admin users unblock ada --connection Staff")]
    Unblock(Unblock),
}

#[derive(Debug, Args)]
pub(crate) struct Unblock {
    /// The e-mail address or user name.
    user: String,

    /// The database [default: the tenant's default directory].
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The e-mail address.
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
    }
}

impl Unblock {
    async fn run(self, to: &Connection) -> Result<String, Failure> {
        let store = to.store().await?;
        let database = database(&store, self.connection.as_deref()).await?;
        let user = load_login(&store, &database, &self.user).await?;
        // Failures from before the user was there are counted with the name.
        let name = LoginName::parse(&self.user).map(|name| Guessed::Name(database, name));
        let user = user.map(|record| Guessed::User(record.user.user_id));
        let mut cleared = 0;
        for guessed in name.iter().chain(&user) {
            cleared += store.clear_failures(guessed).await?;
        }
        Ok(match cleared {
            0 => format!("no failed logins as {}\n", self.user),
            1 => format!("forgot the failed logins as {} from one place\n", self.user),
            places => format!(
                "forgot the failed logins as {} from {places} places\n",
                self.user
            ),
        })
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
        let hash = PasswordHash::hash(&password, random())?;
        let record = LoginRecord {
            user,
            password_hash: Some(hash),
            rehashed_from: None,
        };
        let change = UserChange {
            now,
            password: PasswordNow::Same,
        };
        let created = store.put_user(&record, None, change).await;
        created.map_err(|error| match error {
            CommitError::Conflict => Failure::Refused(format!(
                "{} was created by somebody else just now",
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
        User {
            user_id: UserId::from_random(random()),
            connection,
            profile,
            blocked: false,
            app_metadata: Map::new(),
            user_metadata: Map::new(),
            attributes: Map::new(),
            identities: Vec::new(),
            roles: Vec::new(),
            permissions: BTreeMap::new(),
            created_at: now,
            updated_at: now,
            stats: LoginStats::default(),
            valid_from: ValidFrom::default(),
        }
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
