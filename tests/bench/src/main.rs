//! `cargo bench-token [REFRESHES] [BINARY]`: the release binary of the token function behind an emulated
//! Runtime API, DynamoDB over loopback, a chain of refreshes on one core. Prints CPU per refresh for
//! every algorithm, cold start and memory, all in one run.

mod function;
mod runtime;

use std::{path::PathBuf, time::Duration};

use e2e::{
    Launch, Server,
    apps::{App, Proof, User},
};
use function::Function;

const ALGORITHMS: [&str; 3] = ["ES256", "RS256", "PS256"];

#[tokio::main]
async fn main() {
    let refreshes: u32 = std::env::args()
        .nth(1)
        .map_or(2_000, |text| text.parse().expect("a number"));
    let binary = std::env::args().nth(2);
    let binary = PathBuf::from(binary.as_deref().unwrap_or("target/release/token"));
    assert!(
        binary.exists(),
        "build it first: cargo build --release --package token"
    );
    let size = std::fs::metadata(&binary).expect("its size").len();
    println!(
        "binary: {:.1} MiB, stripped",
        f64::from(u32::try_from(size).unwrap_or(u32::MAX)) / 1_048_576.0
    );

    let folder = tempfile::tempdir().expect("a folder");
    let server = Launch::new()
        .tenant(tenant())
        .data(&folder)
        .option("--dynamodb-port", "0")
        .start("the bench needs the database of a server of its own")
        .expect("BASE_URL is not set");
    let environment = [
        ("ISSUER", server.issuer().to_owned()),
        ("TABLE_NAME", "ratchet".to_owned()),
        (
            "KEY_FILE",
            folder.path().join("keys.json").display().to_string(),
        ),
        ("AWS_ENDPOINT_URL_DYNAMODB", server.dynamodb().to_owned()),
        ("RUST_LOG", "info".to_owned()),
    ];
    println!(
        "{:9} {:>12} {:>12} {:>14} {:>12} {:>12}",
        "algorithm", "cold start", "cold CPU", "CPU a refresh", "wall", "resident"
    );
    for algorithm in ALGORITHMS {
        measure(&server, &binary, &environment, algorithm, refreshes).await;
    }
}

async fn measure(
    server: &Server,
    binary: &std::path::Path,
    environment: &[(&str, String)],
    algorithm: &'static str,
    refreshes: u32,
) {
    let app = App {
        id: match algorithm {
            "ES256" => "bench-es256",
            "RS256" => "bench-rs256",
            _ => "bench-ps256",
        },
        name: "Bench",
        callback: "https://app.example.com/callback",
        proof: Proof::None,
    };
    let audience = format!("https://{}.example.com", algorithm.to_lowercase());
    let mut token = server.login(&app).audience(&audience).refresh_token().await;
    let mut function = Function::start(binary, environment).await;
    token = refresh(&mut function, app.id, &token).await;
    let (cold_start, cold) = (function.age(), function.usage());
    for _ in 0..200 {
        token = refresh(&mut function, app.id, &token).await;
    }
    let (before, began) = (function.usage(), std::time::Instant::now());
    for _ in 0..refreshes {
        token = refresh(&mut function, app.id, &token).await;
    }
    let (after, wall) = (function.usage(), began.elapsed());
    println!(
        "{algorithm:9} {:>9.1} ms {:>9.1} ms {:>11} µs {:>9} µs {:>8} KiB",
        milliseconds(cold_start),
        milliseconds(cold.cpu),
        (after.cpu.saturating_sub(before.cpu) / refreshes).as_micros(),
        (wall / refreshes).as_micros(),
        after.resident_kib,
    );
    function.stop().await;
}

async fn refresh(function: &mut Function, client_id: &str, token: &str) -> String {
    let form = format!("grant_type=refresh_token&client_id={client_id}&refresh_token={token}");
    let (status, body) = function.post(&form).await;
    assert_eq!(status, 200, "{body}");
    assert!(
        body["id_token"].is_string(),
        "an ID token is part of what is measured"
    );
    body["refresh_token"]
        .as_str()
        .expect("a refresh token")
        .to_owned()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// A client and an API for every algorithm, and somebody to log in.
fn tenant() -> String {
    let clients = ALGORITHMS.map(|algorithm| {
        format!(
            r#"
  - name: Bench {algorithm}
    client_id: bench-{}
    app_type: spa
    oidc_conformant: true
    token_endpoint_auth_method: none
    grant_types: [authorization_code, refresh_token]
    callbacks: ["https://app.example.com/callback"]
    jwt_configuration: {{ alg: {algorithm} }}
    refresh_token: {{ rotation_type: rotating, expiration_type: expiring, leeway: 10 }}"#,
            algorithm.to_lowercase()
        )
    });
    let apis = ALGORITHMS.map(|algorithm| {
        format!(
            r"
  - name: Bench {algorithm}
    identifier: https://{}.example.com
    signing_alg: {algorithm}
    allow_offline_access: true
    skip_consent_for_verifiable_first_party_clients: true",
            algorithm.to_lowercase()
        )
    });
    let user = User::ada();
    format!(
        "clients:{}\nresourceServers:{}\nusers:\n  - email: {}\n    email_verified: true\n    \
         name: Ada Lovelace\n    password: {}\n",
        clients.concat(),
        apis.concat(),
        user.email,
        user.password
    )
}
