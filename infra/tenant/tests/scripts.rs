//! Scripts on their way from a tenant file through the table to the functions that run them.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use dynoxide::Database;
use ratchet_core::{App, Parts, config::Issuer, open_scripts};
use ratchet_domain::{
    error::{Error, Failure},
    login_flow::{ImportId, ScriptsVersion},
    time::Lifetime,
};
use ratchet_keys::file::KeyFile;
use ratchet_scripts::Scripts;
use ratchet_store::{Store, StoredScripts};
use ratchet_tenant::{Destination, ImportError, Keywords, import, parse};
use tempfile::TempDir;
use tokio::net::TcpListener;

const RULE: &str = "function (user, context, callback) { callback(null, user, context); }";
const CODE: &str = "exports.onExecutePostLogin = async (event, api) => {};";

/// A table and keys for any number of functions.
struct Stack {
    store: Store,
    folder: TempDir,
}

impl Stack {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let database = Database::memory().unwrap();
        tokio::spawn(dynoxide::server::serve_with_shutdown(
            listener,
            database,
            std::future::pending(),
        ));
        let store = Store::local(&endpoint, "ratchet");
        store.create_table().await.unwrap();
        let folder = TempDir::new().unwrap();
        Self { store, folder }
    }

    /// An app over the imported table, as a function starts it.
    async fn app(&self) -> App {
        let issuer = Issuer::parse("http://127.0.0.1:3000/").unwrap();
        let keys = KeyFile::open(&self.folder.path().join("keys.json")).unwrap();
        App::new(Parts::with_key_file(issuer, self.store.clone(), keys))
            .await
            .unwrap()
    }

    /// The version that the settings name.
    async fn version(&self) -> Option<ScriptsVersion> {
        let settings = self.store.load_settings().await.unwrap();
        settings.unwrap_or_default().scripts
    }

    async fn stored(&self) -> StoredScripts {
        match self.version().await {
            None => StoredScripts::default(),
            Some(version) => self.store.load_scripts(version.import()).await.unwrap(),
        }
    }

    /// Imports that have items in the table.
    async fn imports(&self) -> Vec<ImportId> {
        let seen = std::cell::RefCell::new(Vec::new());
        let look = |import: &ImportId| {
            seen.borrow_mut().push(import.clone());
            false
        };
        self.store.delete_scripts(look).await.unwrap();
        let mut imports = seen.into_inner();
        imports.dedup();
        imports
    }
}

async fn put(app: &App, text: &str) {
    try_put(app, text).await.unwrap();
}

async fn try_put(app: &App, text: &str) -> Result<(), ImportError> {
    let tenant = parse(text, &Keywords::new()).unwrap();
    import(&tenant, &Destination::of(app).await).await?;
    app.forget_configuration();
    Ok(())
}

async fn loaded(app: &App) -> Option<ScriptsVersion> {
    let scripts = app.scripts().await.unwrap();
    scripts.map(|scripts| scripts.version.clone())
}

async fn opened(stack: &Stack, app: &App) -> Scripts {
    open_scripts(&stack.stored().await, &*app.keyring().await).unwrap()
}

fn rules(names: &[(&str, u32)]) -> String {
    let rules = names
        .iter()
        .map(|(name, order)| format!("  - {{name: {name}, order: {order}, script: '{RULE}'}}\n"));
    format!("rules:\n{}", rules.collect::<String>())
}

fn actions(secret: &str) -> String {
    format!(
        "actions:
  - {{name: A, code: '{CODE}', supported_triggers: [{{id: post-login}}],
     secrets: [{{name: KEY, value: {secret}}}]}}
triggers:
  post-login: [{{action_name: A}}]
"
    )
}

fn names(scripts: &Scripts) -> Vec<&str> {
    let rules = scripts.rules.iter().map(|rule| rule.name.as_str());
    let actions = scripts.actions.iter().map(|action| action.name.as_str());
    rules.chain(actions).collect()
}

#[tokio::test]
async fn scripts_of_a_file_are_in_the_table_and_no_secret_in_clear() {
    let stack = Stack::start().await;
    let app = stack.app().await;
    let file = format!(
        "{}rulesConfigs: [{{key: API_KEY, value: very-secret}}]\n{}",
        rules(&[("B", 20), ("A", 3)]),
        actions("more-secret")
    );
    put(&app, &file).await;

    let stored = format!("{:?}", stack.stored().await);
    assert!(stored.contains("cf1_"), "{stored}");
    for secret in ["very-secret", "more-secret"] {
        assert!(!stored.contains(secret), "{stored}");
    }
    let scripts = opened(&stack, &app).await;
    assert_eq!(names(&scripts), ["A", "B", "A"]);
    assert_eq!(scripts.rules[0].order, 3);
    assert_eq!(scripts.rules[0].script, RULE);
    assert_eq!(scripts.actions[0].code, CODE);
    assert_eq!(scripts.actions[0].secrets["KEY"].expose(), "more-secret");
    assert_eq!(scripts.configuration["API_KEY"].expose(), "very-secret");
}

#[tokio::test]
async fn a_sealed_value_stands_for_no_other() {
    let stack = Stack::start().await;
    let app = stack.app().await;
    put(
        &app,
        "rulesConfigs: [{key: A, value: a}, {key: B, value: b}]",
    )
    .await;
    let mut stored = stack.stored().await;
    let moved = stored.configuration["A"].clone();
    stored.configuration.insert("B".to_owned(), moved);
    let error = open_scripts(&stored, &*app.keyring().await).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the sealed value rulesConfigs/B does not open"
    );
}

#[tokio::test]
async fn importing_twice_writes_nothing_new() {
    let stack = Stack::start().await;
    let app = stack.app().await;
    let file = format!(
        "{}rulesConfigs: [{{key: A, value: a}}]\n{}",
        rules(&[("A", 1)]),
        actions("x")
    );
    put(&app, &file).await;
    let (version, stored) = (stack.version().await, stack.stored().await);
    assert!(version.is_some());
    put(&app, &file).await;
    assert_eq!(stack.version().await, version);
    assert_eq!(stack.stored().await, stored);
    // Only a changed value is sealed anew.
    put(
        &app,
        "rulesConfigs: [{key: A, value: a}, {key: B, value: b}]",
    )
    .await;
    let changed = stack.stored().await;
    assert_ne!(stack.version().await, version);
    assert_eq!(changed.configuration["A"], stored.configuration["A"]);
    assert_eq!(changed.actions, stored.actions);
}

#[tokio::test]
async fn a_section_replaces_what_was_there_and_an_absent_one_leaves_it() {
    let stack = Stack::start().await;
    let app = stack.app().await;
    put(
        &app,
        &format!("{}{}", rules(&[("A", 1), ("B", 2)]), actions("x")),
    )
    .await;
    put(&app, "rulesConfigs: [{key: K, value: v}]").await;
    put(&app, &rules(&[("B", 1)])).await;
    let scripts = opened(&stack, &app).await;
    assert_eq!(names(&scripts), ["B", "A"]);
    assert_eq!(scripts.configuration["K"].expose(), "v");

    // Settings and scripts are imported independently.
    put(&app, "tenant: {friendly_name: Shop}").await;
    assert_eq!(names(&opened(&stack, &app).await), ["B", "A"]);
    put(&app, "rules: []").await;
    let settings = stack.store.load_settings().await.unwrap().unwrap();
    assert_eq!(settings.friendly_name, "Shop");

    put(&app, "triggers: {post-login: []}").await;
    let scripts = opened(&stack, &app).await;
    assert!(scripts.is_empty());
    assert_eq!(scripts.configuration.len(), 1);
    assert_eq!(loaded(&app).await, None, "nothing runs");
}

#[tokio::test]
async fn a_replaced_script_is_removed() {
    let stack = Stack::start().await;
    let app = stack.app().await;
    put(&app, &rules(&[("A", 1)])).await;
    put(&app, &rules(&[("B", 1)])).await;
    let current = stack.version().await.unwrap();
    assert_eq!(stack.imports().await, [current.import().clone()]);
    put(&app, "rules: []").await;
    assert_eq!(stack.version().await, None);
    assert_eq!(stack.imports().await, []);
}

#[tokio::test]
async fn an_import_that_stopped_half_way_is_swept_up_an_hour_later() {
    let stack = Stack::start().await;
    let app = stack.app().await;
    put(&app, &rules(&[("A", 1)])).await;
    let half = ImportId::new(app.clock.now(), [9; 8]);
    let scripts = stack.stored().await;
    stack.store.put_scripts(&half, &scripts).await.unwrap();
    put(&app, &rules(&[("B", 1)])).await;
    assert!(stack.imports().await.contains(&half), "it may be under way");
    app.clock.advance(Lifetime::from_secs(3_601));
    put(&app, &rules(&[("C", 1)])).await;
    let current = stack.version().await.unwrap();
    assert_eq!(stack.imports().await, [current.import().clone()]);
}

#[tokio::test]
async fn imports_at_once_leave_one_whole_set_with_what_each_of_them_says() {
    let stack = Stack::start().await;
    let (one, other) = (stack.app().await, stack.app().await);
    for round in 1..6 {
        let rules = rules(&[("A", round), ("B", round + 10)]);
        let actions = actions(&format!("secret{round}"));
        let (first, second) = tokio::join!(try_put(&one, &rules), try_put(&other, &actions));
        first.unwrap();
        second.unwrap();
        let scripts = opened(&stack, &one).await;
        assert_eq!(names(&scripts), ["A", "B", "A"]);
        assert_eq!(scripts.rules[0].order, round);
        let secret = format!("secret{round}");
        assert_eq!(scripts.actions[0].secrets["KEY"].expose(), secret);
        let version = stack.version().await.unwrap();
        assert_eq!(stack.stored().await.digest().unwrap(), version.digest());
        assert_eq!(stack.imports().await, [version.import().clone()]);
    }
}

#[tokio::test]
async fn a_function_loads_what_the_settings_name_and_keeps_it() {
    let stack = Stack::start().await;
    let app = stack.app().await;
    assert_eq!(loaded(&app).await, None);
    put(&app, &rules(&[("A", 1)])).await;
    let version = stack.version().await;
    assert_eq!(loaded(&app).await, version);
    let first = app.scripts().await.unwrap().unwrap();
    let second = app.scripts().await.unwrap().unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &second));

    // The scripts stay in memory. The settings do for less time; after it, only they are read again.
    stack.store.delete_scripts(|_| true).await.unwrap();
    app.clock.advance(Lifetime::from_secs(61));
    assert_eq!(loaded(&app).await, version);
}

#[tokio::test]
async fn a_change_shows_within_75_seconds_and_at_once_where_it_was_imported() {
    let stack = Stack::start().await;
    let app = stack.app().await;
    put(&app, &rules(&[("A", 1)])).await;
    let other = stack.app().await;
    let before = stack.version().await;
    put(&app, &rules(&[("B", 1)])).await;
    let after = stack.version().await;
    assert_eq!(loaded(&app).await, after);
    assert_eq!(loaded(&other).await, before);
    other.clock.advance(Lifetime::from_secs(75));
    assert_eq!(loaded(&other).await, after);
    put(&app, "rules: []").await;
    other.clock.advance(Lifetime::from_secs(75));
    assert_eq!(loaded(&other).await, None);
}

#[tokio::test]
async fn settings_that_are_out_of_date_are_read_again_rather_than_run_by_halves() {
    let stack = Stack::start().await;
    let app = stack.app().await;
    put(&app, &rules(&[("A", 1)])).await;
    // Its cache has the settings, but not the scripts, as after requests that only revoke.
    let other = stack.app().await;
    put(&app, &rules(&[("B", 1)])).await;
    other.settings().await.unwrap();
    put(&app, &rules(&[("C", 1)])).await;
    other.forget_configuration();
    other.settings().await.unwrap();
    put(&app, &rules(&[("D", 1)])).await;
    assert_eq!(loaded(&other).await, stack.version().await);
}

#[tokio::test]
async fn a_set_that_is_not_whole_is_a_passing_failure_until_it_is_imported_again() {
    let stack = Stack::start().await;
    let app = stack.app().await;
    let file = format!("{}{}", rules(&[("A", 1), ("B", 2)]), actions("x"));
    put(&app, &file).await;
    let version = stack.version().await.unwrap();
    let mut half = stack.stored().await;
    half.rules.pop();
    stack.store.delete_scripts(|_| true).await.unwrap();
    stack
        .store
        .put_scripts(version.import(), &half)
        .await
        .unwrap();

    // A function starts even so.
    let other = stack.app().await;
    let error = other.scripts().await.unwrap_err();
    assert!(
        matches!(error, Error::Failed(Failure::Unavailable(_))),
        "{error}"
    );
    // An import of only some sections must not turn the incomplete set into a valid one.
    let error = try_put(&app, &rules(&[("A", 1)])).await.unwrap_err();
    assert!(matches!(error, ImportError::ScriptsOvertaken), "{error}");
    put(&app, &file).await;
    assert_eq!(stack.stored().await.rules.len(), 2);
    other.forget_configuration();
    assert_eq!(loaded(&other).await, stack.version().await);
}
