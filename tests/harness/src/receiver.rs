//! A third-party server, such as an application's back channel: it records the requests that it receives, and answers
//! as configured. It runs on its own threads, so that a test may wait for a server that waits for it.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

/// The answer of a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    Status(u16),
    /// A redirect to its own path `/redirected`.
    Redirect,
    /// No response: the connection stays open.
    Silence,
}

/// Computes an answer from a request: a status, and JSON or another text.
pub type Answering = fn(&Received) -> (u16, String);

#[derive(Clone, Copy)]
enum Manner {
    Always(Reply),
    Depending(Answering),
}

#[derive(Clone, Debug)]
pub struct Received {
    pub target: String,
    /// The request line and headers, unparsed.
    pub head: String,
    pub body: String,
}

impl Received {
    /// The value of a field of the form.
    pub fn field(&self, name: &str) -> Option<String> {
        let url = format!("http://localhost/?{}", self.body);
        let url = reqwest::Url::parse(&url).expect("a form makes a query");
        let mut values = url.query_pairs().filter(|(key, _)| key == name);
        values.next().map(|(_, value)| value.into_owned())
    }
}

pub struct Receiver {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// Starts a receiver on any port.
    pub fn start(reply: Reply) -> Self {
        Self::spawn(Manner::Always(reply))
    }

    /// Starts a receiver that computes its answers.
    pub fn answering(answer: Answering) -> Self {
        Self::spawn(Manner::Depending(answer))
    }

    fn spawn(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                thread::spawn(move || take(stream, manner, &log));
            }
        });
        Self { address, received }
    }

    /// The receiver's URL, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests received so far.
    pub fn received(&self) -> Vec<Received> {
        let received = self.received.lock();
        received.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn take(stream: TcpStream, manner: Manner, log: &Mutex<Vec<Received>>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut target = String::new();
    reader.read_line(&mut target)?;
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        let line = line.to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let received = Received {
        target: target.trim_end_matches(" HTTP/1.1\r\n").to_owned(),
        head,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    log.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(received.clone());
    let answer = match manner {
        Manner::Always(Reply::Status(status)) => answer(status, ""),
        Manner::Always(Reply::Redirect) => {
            "HTTP/1.1 307 Said\r\nlocation: /redirected\r\ncontent-length: 0\r\n\r\n".to_owned()
        }
        Manner::Always(Reply::Silence) => loop {
            thread::park();
        },
        Manner::Depending(answering) => {
            let (status, body) = answering(&received);
            answer(status, &body)
        }
    };
    reader.get_mut().write_all(answer.as_bytes())
}

fn answer(status: u16, body: &str) -> String {
    let kind = if body.starts_with('{') {
        "application/json"
    } else {
        "text/plain"
    };
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    )
}
