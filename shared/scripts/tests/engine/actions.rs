//! The input of Actions, and the commands that `api` makes from their calls.

use ratchet_scripts::{
    Command,
    engine::{Engine, Output, Run, ScriptFailure},
};
use serde_json::{Value, json};

use crate::fixtures::{actions, limits, run};

async fn result(run: Run) -> Result<Output, ScriptFailure> {
    Engine::new(limits()).run(run).await.result
}

async fn commands(sources: &[&str]) -> Vec<Value> {
    let output = result(run(&actions(sources))).await.unwrap();
    output
        .commands
        .iter()
        .map(|command| serde_json::to_value(command).unwrap())
        .collect()
}

/// The commands of one Action with this body.
async fn done(body: &str) -> Vec<Value> {
    let source = format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }};");
    commands(&[&source]).await
}

async fn threw(body: &str) -> String {
    let source = format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }};");
    match result(run(&actions(&[&source]))).await {
        Err(ScriptFailure::Threw { message, .. }) => message,
        other => panic!("{body}: {other:?}"),
    }
}

#[tokio::test]
async fn every_command_is_put_down_in_order() {
    assert_eq!(
        done(
            "api.idToken.setCustomClaim('https://a.example/x', { a: [1] })
                .accessToken.setCustomClaim('https://a.example/y', undefined)
                .accessToken.addScope('read:a');
            api.accessToken.removeScope('read:b');
            api.user.setAppMetadata('plan', 'gold');
            api.user.setUserMetadata('theme', null);
            api.refreshToken.setExpiresAt(new Date(1000));
            api.refreshToken.setIdleExpiresAt(2000);
            api.refreshToken.revoke('over');
            api.multifactor.enable('any', { allowRememberBrowser: false });
            api.redirect.sendUserTo('https://a.example/go?x=1', { query: { y: 'a b', z: 2 } });
            api.access.deny('no');"
        )
        .await,
        [
            json!({ "command": "setIdTokenClaim", "name": "https://a.example/x", "value": { "a": [1] } }),
            json!({ "command": "setAccessTokenClaim", "name": "https://a.example/y", "value": null }),
            json!({ "command": "addScope", "scope": "read:a" }),
            json!({ "command": "removeScope", "scope": "read:b" }),
            json!({ "command": "setAppMetadata", "name": "plan", "value": "gold" }),
            json!({ "command": "setUserMetadata", "name": "theme", "value": null }),
            json!({ "command": "setRefreshTokenExpiresAt", "at": 1000.0 }),
            json!({ "command": "setRefreshTokenIdleExpiresAt", "at": 2000.0 }),
            json!({ "command": "revokeRefreshToken", "reason": "over" }),
            json!({ "command": "enableMultifactor" }),
            json!({ "command": "sendUserTo", "url": "https://a.example/go?x=1&y=a%20b&z=2", "action": 0 }),
            json!({ "command": "deny", "reason": "no" }),
        ]
    );
    assert_eq!(
        done("api.access.deny('code', 'why')").await,
        [json!({ "command": "deny", "reason": "why" })]
    );
}

#[tokio::test]
async fn a_denial_ends_the_chain_after_its_action() {
    let deny = "exports.onExecutePostLogin = (event, api) => {
        api.access.deny('no');
        api.idToken.setCustomClaim('after', true);
    };";
    let next = "exports.onExecutePostLogin = () => { throw new Error('must not run'); };";
    assert_eq!(
        commands(&[deny, next]).await,
        [
            json!({ "command": "deny", "reason": "no" }),
            json!({ "command": "setIdTokenClaim", "name": "after", "value": true }),
        ]
    );
}

#[tokio::test]
async fn each_sees_its_own_secrets_and_the_metadata_set_before() {
    let first = "exports.onExecutePostLogin = async (event, api) => {
        api.user.setAppMetadata('plan', 'gold');
        api.idToken.setCustomClaim('first', [event.secrets, event.user.app_metadata || null]);
        event.user.app_metadata = 'changed';
        globalThis.leak = Object.prototype.leak = event.secrets;
    };";
    let second = "module.exports = { async onExecutePostLogin(event, api) {
        api.idToken.setCustomClaim('second',
            [event.secrets, event.user.app_metadata, typeof leak, typeof event.leak]);
    } };";
    let commands = commands(&[first, second]).await;
    assert_eq!(commands[1]["value"], json!([{ "MINE": "first" }, null]));
    assert_eq!(
        commands[2]["value"],
        json!([{ "MINE": "second" }, { "plan": "gold" }, "undefined", "undefined"])
    );
}

#[tokio::test]
async fn every_part_of_the_language_is_there_by_name_and_through_global() {
    for (expression, expected) in [
        ("global.Buffer.from('a').toString('hex')", "61"),
        ("global['set' + 'Timeout'].name", "setTimeout"),
        ("globalThis.URL.name", "URL"),
        ("/a/.exec('a')[0]", "a"),
        ("[...new Map([['a', 1]]).keys()][0]", "a"),
        ("require('lodash').get({ a: 'b' }, 'a')", "b"),
        ("_.chain(['a', 'b']).last().value()", "b"),
        ("typeof console.log", "function"),
        ("event.secrets.MINE", "first"),
    ] {
        let source = format!(
            "exports.onExecutePostLogin = (event, api) => {{ api.idToken.setCustomClaim('found', {expression}); }};"
        );
        let commands = commands(&[&source]).await;
        assert_eq!(commands[0]["value"], expected, "{expression}");
    }
}

#[tokio::test]
async fn after_a_redirect_its_action_continues_and_does_not_redirect_again() {
    let first = "exports.onExecutePostLogin = async (event, api) => {
        api.redirect.sendUserTo('https://a.example/');
        api.idToken.setCustomClaim('can', api.redirect.canRedirect());
    };
    exports.onContinuePostLogin = async (event, api) => {
        api.idToken.setCustomClaim('continued', event.request.query.answer);
    };";
    let second = "exports.onExecutePostLogin = async (event, api) => {
        api.idToken.setCustomClaim('second', true);
    };";
    let mut run = run(&actions(&[first, second]));
    run.can_redirect = true;
    let output = result(run.clone()).await.unwrap();
    assert_eq!(output.commands.len(), 2);
    assert_eq!(
        output.commands[0],
        Command::SendUserTo {
            url: "https://a.example/".to_owned(),
            action: 0
        }
    );
    run.continued = Some(0);
    run.event["request"] = json!({ "query": { "answer": "42" } });
    let output = result(run).await.unwrap();
    let claim = |name: &str, value: Value| Command::SetIdTokenClaim {
        name: name.to_owned(),
        value,
    };
    assert_eq!(
        output.commands,
        [
            claim("can", json!(true)),
            claim("continued", json!("42")),
            claim("second", json!(true)),
        ]
    );
}

#[tokio::test]
async fn an_exception_or_a_misuse_of_the_api_is_an_error_of_the_action() {
    assert_eq!(threw("throw new Error('no');").await, "no");
    assert_eq!(threw("throw new UnauthorizedError('no');").await, "no");
    assert_eq!(
        threw("api.idToken.setCustomClaim(1, 2)").await,
        "the name of a claim is no string"
    );
    assert_eq!(
        threw("api.refreshToken.setExpiresAt('soon')").await,
        "not a Date object"
    );
    assert_eq!(
        threw("api.authentication.recordMethod('https://a.example/')").await,
        "api.authentication.recordMethod is not available here"
    );
    assert_eq!(
        threw("for (;;) api.idToken.setCustomClaim('x', 'y'.repeat(1e5))").await,
        "more than an Action may set"
    );
    let failure = result(run(&actions(&["exports.onExecute = () => {};"]))).await;
    assert!(
        matches!(&failure, Err(ScriptFailure::Threw { message, .. })
            if message == "exports.onExecutePostLogin is no function"),
        "{failure:?}"
    );
    let source = "exports.onExecutePostLogin = () => new Promise(() => {});";
    assert_eq!(
        result(run(&actions(&[source]))).await,
        Err(ScriptFailure::NeverCalledBack {
            script: "first".to_owned()
        })
    );
}

#[tokio::test]
async fn tokens_for_a_redirect_come_back_only_as_they_were_made() {
    assert_eq!(
        done(
            "const token = api.redirect.encodeToken({ secret: 's', payload: { a: 1 } });
            event.request = { query: { session_token: token } };
            const { a, sub, iss, exp, iat } = api.redirect.validateToken({ secret: 's' });
            api.idToken.setCustomClaim('claims', [a, sub, iss, exp - iat]);
            try { api.redirect.validateToken({ secret: 'other' }); } catch (error) {
                api.idToken.setCustomClaim('other', error.message);
            }
            const old = api.redirect.encodeToken({ secret: 's', payload: {}, expiresInSeconds: -1 });
            event.request.query.session_token = old;
            try { api.redirect.validateToken({ secret: 's' }); } catch (error) {
                api.idToken.setCustomClaim('old', error.message);
            }"
        )
        .await
        .iter()
        .map(|command| command["value"].clone())
        .collect::<Vec<_>>(),
        [
            json!([1, "auth0|1", "tenant.example", 900]),
            json!("the token's signature is not valid"),
            json!("the token has expired"),
        ]
    );
}

#[tokio::test]
async fn the_cache_outlives_a_run() {
    let engine = Engine::new(limits());
    let source = "exports.onExecutePostLogin = async (event, api) => {
        const record = api.cache.get('n');
        const n = record ? Number(record.value) + 1 : 1;
        api.idToken.setCustomClaim('n', [n, api.cache.set('n', String(n), { ttl: 86400000 })]);
        if (n === 2) api.idToken.setCustomClaim('deleted', [api.cache.delete('n'), api.cache.delete('n')]);
    };";
    for (n, deleted) in [(1, false), (2, true), (1, false)] {
        let output = engine.run(run(&actions(&[source]))).await.result.unwrap();
        let value =
            |at: usize| serde_json::to_value(&output.commands[at]).unwrap()["value"].clone();
        assert_eq!(value(0), json!([n, { "type": "success" }]));
        if deleted {
            let missing = json!({ "type": "error", "code": "CacheKeyDoesNotExist" });
            assert_eq!(value(1), json!([{ "type": "success" }, missing]));
        }
    }
}

#[tokio::test]
async fn rules_run_before_actions_and_actions_know_which() {
    let mut scripts = actions(&["exports.onExecutePostLogin = (event, api) => {
        api.idToken.setCustomClaim('rules',
            [api.rules.wasExecuted('first'), api.rules.wasExecuted('second'), typeof auth0, typeof implicit]);
    };"]);
    scripts.rules = crate::fixtures::rules(&[
        "function (user, context, callback) { implicit = 1; context.seen = true; callback(null, user, context); }",
    ])
    .rules;
    let output = result(run(&scripts)).await.unwrap();
    assert_eq!(output.context["seen"], true);
    assert_eq!(
        serde_json::to_value(&output.commands[0]).unwrap()["value"],
        json!([true, false, "undefined", "undefined"])
    );
}
