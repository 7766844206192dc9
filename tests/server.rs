//! A small HTTP server that answers by a function and misbehaves by script, for the engines that are asked over HTTP.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// What a client sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    /// By name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// What it gets.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A whole answer: status, further headers, body.
    Whole(u16, Vec<(&'static str, String)>, String),
    /// The answer, after a while.
    Slow(Duration, Box<Reply>),
    /// So many bytes of the body, then the connection ends.
    Cut(usize, Box<Reply>),
    /// The whole body, but its length is given as so many bytes more.
    TooLong(usize, Box<Reply>),
    /// The whole body, but its length is given as so many bytes less.
    TooShort(usize, Box<Reply>),
    /// The connection ends without an answer.
    Reset,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Json) -> Self {
        Self::Whole(status, vec![("content-type", "application/json".to_owned())], body.to_string())
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::Whole(status, vec![("content-type", "text/html".to_owned())], body.to_owned())
    }

    /// The same with another body.
    pub(crate) fn map(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Whole(status, headers, body) => Self::Whole(status, headers, change(body)),
            other => other,
        }
    }
}

/// What happens to the requests of a kind instead of, or after, what should.
pub(crate) struct Fault {
    /// Which requests.
    pub(crate) when: Box<dyn Fn(&Request) -> bool + Send + Sync>,
    /// How many of them at most.
    pub(crate) times: usize,
    /// What becomes of the right answer. It is made in any case: the server does what it is asked.
    pub(crate) change: Change,
}

type Change = Box<dyn Fn(&Request, Reply) -> Reply + Send + Sync>;

type Answer = Box<dyn Fn(&Request) -> Reply + Send + Sync>;

struct Inner {
    answer: Answer,
    faults: Mutex<Vec<Fault>>,
    log: Mutex<Vec<(Instant, Request)>>,
    stopped: AtomicBool,
}

/// A server on a free port of this machine, until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    inner: Arc<Inner>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let inner = Inner { answer: Box::new(answer), faults: Mutex::default(), log: Mutex::default(), stopped: AtomicBool::new(false) };
        let inner = Arc::new(inner);
        let shared = Arc::clone(&inner);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&shared);
                // A client that hangs up is no fault of the server's.
                stream.into_iter().for_each(|stream| {
                    drop(thread::spawn({
                        let shared = Arc::clone(&shared);
                        move || serve(stream, &shared)
                    }))
                });
            }
        });
        Self { address, inner }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn misbehave(&self, fault: Fault) {
        self.inner.faults.lock().expect("no panic").push(fault);
    }

    /// Every request so far, and when it came.
    pub(crate) fn log(&self) -> Vec<(Instant, Request)> {
        self.inner.log.lock().expect("no panic").clone()
    }

    /// How many requests were of a kind.
    pub(crate) fn count(&self, kind: impl Fn(&Request) -> bool) -> usize {
        self.log().iter().filter(|(_, request)| kind(request)).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.inner.stopped.store(true, Ordering::SeqCst);
        // Wakes the loop that waits for clients.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(stream: TcpStream, inner: &Inner) {
    let Ok(reading) = stream.try_clone() else { return };
    let mut reader = BufReader::new(reading);
    let mut stream = stream;
    while let Some(request) = read(&mut reader) {
        inner.log.lock().expect("no panic").push((Instant::now(), request.clone()));
        let right = (inner.answer)(&request);
        let reply = {
            let mut faults = inner.faults.lock().expect("no panic");
            match faults.iter_mut().find(|fault| fault.times > 0 && (fault.when)(&request)) {
                Some(fault) => {
                    fault.times -= 1;
                    (fault.change)(&request, right)
                }
                None => right,
            }
        };
        if !write(&mut stream, reply) {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Some(Request { method, path: path.to_owned(), query, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

/// Whether the connection can go on.
fn write(stream: &mut TcpStream, reply: Reply) -> bool {
    match reply {
        Reply::Whole(status, headers, body) => send(stream, status, &headers, body.as_bytes(), body.len()),
        Reply::Slow(time, reply) => {
            thread::sleep(time);
            write(stream, *reply)
        }
        Reply::Cut(bytes, reply) => {
            if let Reply::Whole(status, headers, body) = *reply {
                send(stream, status, &headers, &body.as_bytes()[..bytes.min(body.len())], body.len());
            }
            false
        }
        Reply::TooLong(more, reply) => {
            if let Reply::Whole(status, headers, body) = *reply {
                send(stream, status, &headers, body.as_bytes(), body.len() + more);
            }
            false
        }
        Reply::TooShort(less, reply) => {
            if let Reply::Whole(status, headers, body) = *reply {
                send(stream, status, &headers, body.as_bytes(), body.len().saturating_sub(less));
            }
            false
        }
        Reply::Reset => false,
    }
}

fn send(stream: &mut TcpStream, status: u16, headers: &[(&str, String)], body: &[u8], length: usize) -> bool {
    let mut head = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).and_then(|()| stream.flush()).is_ok()
}
