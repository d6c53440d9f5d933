//! A replay inside the leeway by another program or from another address: it is answered, and logged as its own event.

use std::net::IpAddr;

use harness::{
    Answer, Http, Launch, Server, Tokens,
    apps::{App, SPA_LEEWAY},
    http,
};

const PHONE: &str = "Shop/4.2 (iPhone; iOS 26.1)";
const THIEF: &str = "curl/8.10";
const HOME: &str = "127.0.0.1";
const ELSEWHERE: &str = "127.0.0.66";

async fn refresh(server: &Server, token: &str, address: &str, agent: Option<&str>) -> Answer {
    let address: IpAddr = address.parse().expect("an address");
    let client = Http::calling_from(server.http().base(), address);
    let app: &App = &SPA_LEEWAY;
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let mut request = server.request_as(&client, app, "/oauth/token", &form);
    if let Some(agent) = agent {
        request = request.header("user-agent", agent);
    }
    http::send(request).await
}

/// The log of a server at which the phone at home exchanged a token, which was then replayed.
async fn log_after(replays: &[(&str, Option<&str>)]) -> String {
    let server = Launch::new().start("reads the server's log");
    let parent = server.login(&SPA_LEEWAY).refresh_token().await;
    let child = Tokens::expect(refresh(&server, &parent, HOME, Some(PHONE)).await).refresh_token();
    for (address, agent) in replays {
        let answer = refresh(&server, &parent, address, *agent).await;
        let cost = answer.cost();
        assert_eq!(Tokens::expect(answer).refresh_token(), child);
        assert_eq!((cost.read_calls, cost.write_calls), (1.0, 0.0), "{cost:?}");
    }
    server.stop()
}

fn events(log: &str) -> Vec<&str> {
    let lines = log.lines();
    lines
        .filter(|line| line.contains("leeway_replay_elsewhere"))
        .collect()
}

#[harness::test]
async fn a_retry_of_the_same_program_at_the_same_address_is_no_event() {
    let log = log_after(&[(HOME, Some(PHONE)), (HOME, Some(PHONE))]).await;
    assert_eq!(events(&log), Vec::<&str>::new(), "{log}");
}

#[harness::test]
async fn a_replay_from_another_sender_is_an_event_that_names_the_difference() {
    for (address, agent, differs) in [
        (ELSEWHERE, Some(PHONE), "address"),
        (HOME, Some(THIEF), "user_agent"),
        (HOME, None, "user_agent"),
        (ELSEWHERE, Some(THIEF), "address+user_agent"),
    ] {
        let log = log_after(&[(address, agent)]).await;
        let events = events(&log);
        assert_eq!(events.len(), 1, "{log}");
        let said = format!("differs=\"{differs}\"");
        assert!(events[0].contains(&said), "{}", events[0]);
        assert!(events[0].contains(SPA_LEEWAY.id), "{}", events[0]);
        assert!(!log.contains(PHONE) && !log.contains(THIEF), "{log}");
    }
}
