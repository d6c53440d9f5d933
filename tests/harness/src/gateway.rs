//! A front with the limits of an HTTP API of Amazon API Gateway: it forwards the requests that the gateway accepts, and
//! answers the others by itself, as the gateway does.

use std::{
    io::{self, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use reqwest::Url;

use crate::{http::Http, proxy::Message, server::Server};

/// The gateway's limit in bytes for a request line with its headers, and for the headers of an answer.
pub const HEAD: usize = 10_240;

pub struct Gateway {
    address: SocketAddr,
    longest: Arc<AtomicUsize>,
}

impl Gateway {
    /// Starts a front on any port before a server.
    pub fn before(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let base = server.http().base().clone();
        let upstream = format!(
            "{}:{}",
            base.host_str().expect("a host"),
            base.port().expect("a port")
        );
        let longest = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&longest);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (upstream, seen) = (upstream.clone(), Arc::clone(&seen));
                // The front ignores clients that disconnect.
                thread::spawn(move || drop(serve(&client, &upstream, &seen)));
            }
        });
        Self { address, longest }
    }

    /// A client of the front.
    pub fn http(&self) -> Http {
        let url = Url::parse(&format!("http://{}/", self.address));
        Http::new(&url.expect("an address makes a URL"))
    }

    /// The longest request head that was forwarded, in bytes.
    pub fn longest(&self) -> usize {
        self.longest.load(Ordering::Relaxed)
    }
}

fn serve(client: &TcpStream, upstream: &str, longest: &AtomicUsize) -> io::Result<()> {
    let mut server = BufReader::new(TcpStream::connect(upstream)?);
    let mut requests = BufReader::new(client);
    let mut answers = client;
    while let Some(request) = Message::read(&mut requests)? {
        if request.head.len() > HEAD {
            answers.write_all(refusal("431 Request Header Fields Too Large").as_bytes())?;
            continue;
        }
        longest.fetch_max(request.head.len(), Ordering::Relaxed);
        request.write(server.get_mut())?;
        let Some(answer) = Message::read(&mut server)? else {
            return Ok(());
        };
        if answer.head.len() > HEAD {
            answers.write_all(refusal("500 Internal Server Error").as_bytes())?;
            continue;
        }
        answer.write(&mut answers)?;
    }
    Ok(())
}

fn refusal(status: &str) -> String {
    let body = "{\"message\":\"the gateway's own answer\"}";
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
