//! A proxy between a server and its store that breaks requests on demand.
//!
//! It knows as much HTTP/1.1 as DynamoDB's protocol needs: one request, one answer, each with a length or in chunks,
//! and the operation in `X-Amz-Target`. It runs on its own threads, so that a test may wait for a server that waits for
//! its store.

mod batch;
mod message;

use std::{
    io::{self, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

pub(crate) use message::Message;

/// Maximum time that a test waits for a request.
const PATIENCE: Duration = Duration::from_mins(1);

pub const WRITES: &[&str] = &[
    "UpdateItem",
    "PutItem",
    "DeleteItem",
    "TransactWriteItems",
    "BatchWriteItem",
];

/// The operation that uses up a code or an approval and creates its family.
pub const EXCHANGES: &[&str] = &["TransactWriteItems"];

pub const READS: &[&str] = &[
    "GetItem",
    "BatchGetItem",
    "TransactGetItems",
    "Query",
    "Scan",
];

/// In the body of a read that any replica may answer.
const EVENTUALLY_CONSISTENT: &str = r#""ConsistentRead":false"#;

/// The effect on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The connection is closed without an answer before the request reaches the store.
    Refuse,
    /// The store executes the request, and its answer is lost.
    LoseAnswer,
    /// 400 `ProvisionedThroughputExceededException`.
    Throttle,
    /// 500 `InternalServerError`.
    Fail,
    /// The request waits at the proxy, before the store, until `mend`.
    Hold,
    /// The store processes the first key of a `BatchGetItem` only, and the answer names the others as unprocessed.
    ProcessInPart,
    /// The answer names all keys of a `BatchGetItem` as unprocessed.
    ProcessNothing,
    /// An eventually consistent read finds nothing, as on a replica that lacks every item.
    Lag,
}

/// The instructions of the proxy: an effect, the operations, the number of times.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    effect: Effect,
    operations: Option<&'static [&'static str]>,
    words: Option<&'static str>,
    after: usize,
    times: usize,
}

impl Fault {
    /// On every request until further notice.
    pub fn always(effect: Effect) -> Self {
        Self {
            effect,
            operations: None,
            words: None,
            after: 0,
            times: usize::MAX,
        }
    }

    /// Only on these operations.
    #[must_use]
    pub fn on(mut self, operations: &'static [&'static str]) -> Self {
        self.operations = Some(operations);
        self
    }

    /// Only on requests whose body contains these words.
    #[must_use]
    pub fn with(mut self, words: &'static str) -> Self {
        self.words = Some(words);
        self
    }

    /// Only after this number of requests has been passed on.
    #[must_use]
    pub fn after(mut self, passed: usize) -> Self {
        self.after = passed;
        self
    }

    /// Only this number of times.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }
}

/// A listening proxy; dropping it closes its port.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    upstream: String,
    orders: Mutex<Orders>,
    /// Operations and bodies.
    requests: Mutex<Vec<(String, String)>>,
    changed: Condvar,
    closed: AtomicBool,
}

#[derive(Default)]
struct Orders {
    fault: Option<Fault>,
    hits: usize,
}

impl Proxy {
    /// Starts a proxy that passes everything on to `http://host:port`.
    pub fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let upstream = upstream
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let state = Arc::new(State {
            upstream,
            orders: Mutex::default(),
            requests: Mutex::default(),
            changed: Condvar::new(),
            closed: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if accepting.closed.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&accepting);
                // Broken connections are the purpose of the proxy.
                thread::spawn(move || drop(state.serve(&client)));
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts to break requests.
    pub fn break_with(&self, fault: Fault) {
        *self.state.orders() = Orders {
            fault: Some(fault),
            hits: 0,
        };
    }

    /// Blocks until the fault has hit a request.
    pub fn wait_for_hit(&self) {
        let orders = self.state.orders();
        let (orders, _) = self
            .state
            .changed
            .wait_timeout_while(orders, PATIENCE, |orders| orders.hits == 0)
            .expect("no connection panicked");
        assert!(orders.hits > 0, "no request was hit");
    }

    /// Operations and bodies of all requests since the last call, in the order of their arrival.
    pub fn take_requests(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.state.requests())
    }

    /// Passes everything on again, held requests first, and returns the number of requests hit since `break_with`.
    pub fn mend(&self) -> usize {
        let mut orders = self.state.orders();
        orders.fault = None;
        self.state.changed.notify_all();
        orders.hits
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.closed.store(true, Ordering::Relaxed);
        // Wakes the accepting thread; a failure means that it has already ended.
        let _ = TcpStream::connect(self.address);
    }
}

impl State {
    /// Serves one connection, request by request.
    fn serve(&self, client: &TcpStream) -> io::Result<()> {
        let mut store = BufReader::new(TcpStream::connect(&self.upstream)?);
        let mut requests = BufReader::new(client);
        let mut answers = client;
        while let Some(request) = Message::read(&mut requests)? {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            self.requests().push((request.operation(), body));
            let effect = self.effect_on(&request);
            let canned = match effect {
                Some(Effect::Refuse) => return Ok(()),
                Some(Effect::Throttle) => {
                    Some(refusal(400, "ProvisionedThroughputExceededException"))
                }
                Some(Effect::Fail) => Some(refusal(500, "InternalServerError")),
                Some(Effect::Lag) => Some(answer(200, "{}")),
                Some(Effect::ProcessNothing) => Some(answer(200, &batch::unprocessed(&request)?)),
                Some(Effect::LoseAnswer | Effect::Hold | Effect::ProcessInPart) | None => None,
            };
            if effect == Some(Effect::Hold) {
                self.wait_until_mended();
            }
            if let Some(canned) = canned {
                answers.write_all(canned.as_bytes())?;
                continue;
            }
            let (request, unprocessed) = match effect {
                Some(Effect::ProcessInPart) => batch::split(&request)?,
                _ => (request, None),
            };
            request.write(store.get_mut())?;
            let Some(mut answer) = Message::read(&mut store)? else {
                return Ok(());
            };
            if let Some(unprocessed) = unprocessed {
                answer = batch::with_unprocessed(&answer, unprocessed)?;
            }
            if effect == Some(Effect::LoseAnswer) {
                return Ok(());
            }
            answer.write(&mut answers)?;
        }
        Ok(())
    }

    fn effect_on(&self, request: &Message) -> Option<Effect> {
        let mut orders = self.orders();
        let fault = orders.fault.as_mut()?;
        let operation = request.operation();
        let meant = fault
            .operations
            .is_none_or(|operations| operations.contains(&operation.as_str()))
            && fault.words.is_none_or(|words| request.contains(words))
            && (fault.effect != Effect::Lag || request.contains(EVENTUALLY_CONSISTENT));
        if !meant || fault.times == 0 {
            return None;
        }
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        fault.times -= 1;
        let effect = fault.effect;
        orders.hits += 1;
        self.changed.notify_all();
        Some(effect)
    }

    fn wait_until_mended(&self) {
        let orders = self.orders();
        drop(
            self.changed
                .wait_while(orders, |orders| orders.fault.is_some()),
        );
    }

    fn requests(&self) -> MutexGuard<'_, Vec<(String, String)>> {
        self.requests.lock().expect("no connection panicked")
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().expect("no connection panicked")
    }
}

fn refusal(status: u16, kind: &str) -> String {
    answer(
        status,
        &format!(
            r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{kind}","message":"injected by the test"}}"#
        ),
    )
}

fn answer(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Injected\r\ncontent-type: application/x-amz-json-1.0\r\n\
         x-amzn-requestid: injected\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    const REQUEST: &str = "POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.UpdateItem\r\n\
                           Content-Length: 2\r\n\r\n{}";

    /// A store that answers every request with its number, in chunks.
    fn store() -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let served = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&served);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let counter = Arc::clone(&counter);
                thread::spawn(move || answer_with_numbers(&client, &counter));
            }
        });
        (url, served)
    }

    fn answer_with_numbers(client: &TcpStream, counter: &AtomicUsize) {
        let mut requests = BufReader::new(client);
        let mut answers = client;
        while let Ok(Some(_)) = Message::read(&mut requests) {
            let number = counter.fetch_add(1, Ordering::Relaxed);
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let answer = format!("{head}1\r\n{number}\r\n0\r\n\r\n");
            answers
                .write_all(answer.as_bytes())
                .expect("the proxy listens");
        }
    }

    fn ask(proxy: &Proxy) -> String {
        let mut connection = TcpStream::connect(proxy.address).expect("the proxy listens");
        connection
            .write_all(REQUEST.as_bytes())
            .expect("the proxy reads");
        let mut reader = BufReader::new(connection);
        let answer = Message::read(&mut reader).expect("the answer is HTTP");
        answer.map_or_else(String::new, |answer| {
            answer.head + &String::from_utf8_lossy(&answer.body)
        })
    }

    #[test]
    fn it_passes_answers_on() {
        let (url, _) = store();
        let proxy = Proxy::start(&url);
        assert!(ask(&proxy).ends_with("1\r\n0\r\n0\r\n\r\n"));
        assert!(ask(&proxy).ends_with("1\r\n1\r\n0\r\n\r\n"));
    }

    #[test]
    fn a_lost_answer_belongs_to_a_request_that_was_served() {
        let (url, served) = store();
        let proxy = Proxy::start(&url);
        proxy.break_with(Fault::always(Effect::LoseAnswer).on(WRITES).times(1));
        assert_eq!(ask(&proxy), "");
        assert_eq!(served.load(Ordering::Relaxed), 1);
        assert!(ask(&proxy).starts_with("HTTP/1.1 200"));
        assert_eq!(proxy.mend(), 1);
    }

    #[test]
    fn a_refused_request_never_reaches_the_store() {
        let (url, served) = store();
        let proxy = Proxy::start(&url);
        proxy.break_with(Fault::always(Effect::Refuse));
        assert_eq!(ask(&proxy), "");
        proxy.break_with(Fault::always(Effect::Throttle));
        assert!(ask(&proxy).contains("ProvisionedThroughputExceededException"));
        proxy.break_with(Fault::always(Effect::Fail).on(READS));
        assert_eq!(served.load(Ordering::Relaxed), 0);
        assert!(ask(&proxy).starts_with("HTTP/1.1 200"));
        assert_eq!(proxy.mend(), 0);
    }

    #[test]
    fn a_held_request_is_served_when_the_proxy_is_mended() {
        let (url, served) = store();
        let proxy = Proxy::start(&url);
        proxy.break_with(Fault::always(Effect::Hold).times(1));
        thread::scope(|scope| {
            let held = scope.spawn(|| ask(&proxy));
            proxy.wait_for_hit();
            assert!(ask(&proxy).ends_with("1\r\n0\r\n0\r\n\r\n"), "it overtakes");
            assert_eq!(served.load(Ordering::Relaxed), 1);
            proxy.mend();
            let late = held.join().expect("it is answered");
            assert!(late.ends_with("1\r\n1\r\n0\r\n\r\n"), "{late}");
        });
    }
}
