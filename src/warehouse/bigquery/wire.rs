//! One exchange with the server: a request goes out, an answer comes back, or the reason why not. No retries, no meaning.
//!
//! The HTTP client is asynchronous and lives on a thread of its own; whoever asks waits on a channel, looks at the clock and at
//! Ctrl-C meanwhile, and gives the request up in the middle if need be.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Method, redirect};
use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;

use super::auth::Authenticator;
use crate::model::bigquery::BigQuery;
use crate::warehouse::Interrupt;

/// Google's own server.
const GOOGLE: &str = "https://bigquery.googleapis.com";

/// How often a waiting thread looks at the clock and at Ctrl-C.
const PATIENCE: Duration = Duration::from_millis(20);

/// The longest silence of a server within an answer, and before it: a poll waits for ten seconds by design.
const SILENCE: Duration = Duration::from_secs(60);

/// No page is a tenth of this.
const MOST_BYTES: usize = 512 << 20;

/// Sends requests to one server.
#[derive(Debug)]
pub(super) struct Wire {
    handle: Handle,
    client: Client,
    base: String,
    pub(super) authenticator: Arc<Authenticator>,
    interrupt: Interrupt,
    /// Ends the thread when it is dropped.
    _running: oneshot::Sender<()>,
}

/// A request: everything but server and token.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Below `/bigquery/v2/`.
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Vec<u8>>,
}

/// An answer of any status, complete.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Ctrl-C.
    Interrupted,
    /// The time was up.
    TimedOut,
    /// No credentials; the flag says whether another try may have some.
    Credentials(String, bool),
    /// There is no connection.
    Unreachable(String),
    /// The answer broke off.
    Broken(String),
}

impl Wire {
    /// Starts the thread. Nothing is sent yet.
    pub(super) fn new(target: &BigQuery, interrupt: &Interrupt) -> Result<Self, String> {
        // The crates that are linked bring several; a second call is refused, and the first stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
        let handle = runtime.handle().clone();
        let (running, stopped) = oneshot::channel();
        let serve = move || {
            let _ = runtime.block_on(stopped);
        };
        thread::Builder::new().name("bigquery".to_owned()).spawn(serve).map_err(|error| error.to_string())?;
        let base = target.endpoint.as_deref().unwrap_or(GOOGLE);
        let mut client = Client::builder()
            .user_agent(concat!("gapgate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(SILENCE)
            .redirect(redirect::Policy::none());
        if base.starts_with("http://") {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| error.to_string())?;
        let authenticator = Arc::new(Authenticator::new(target.credentials.clone()));
        let base = format!("{base}/bigquery/v2/");
        Ok(Self { handle, client, base, authenticator, interrupt: interrupt.clone(), _running: running })
    }

    /// One request and its answer, given up at `until`, and on Ctrl-C if it is `interruptible`.
    pub(super) fn exchange(&self, request: &Request, until: Instant, interruptible: bool) -> Result<Answer, Trouble> {
        let (send, receive) = channel();
        let mut builder = self.client.request(request.method.clone(), format!("{}{}", self.base, request.path)).query(&request.query);
        if let Some(body) = &request.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let authenticator = Arc::clone(&self.authenticator);
        let task = self.handle.spawn(async move {
            let _ = send.send(perform(builder, &authenticator).await);
        });
        loop {
            match receive.recv_timeout(PATIENCE) {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Disconnected) => return Err(Trouble::Broken("the client gave up".to_owned())),
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(trouble) = self.called_off(until, interruptible) {
                        task.abort();
                        return Err(trouble);
                    }
                }
            }
        }
    }

    /// Waits, unless the time is up or Ctrl-C comes first.
    pub(super) fn pause(&self, length: Duration, until: Instant) -> Result<(), Trouble> {
        let end = Instant::now() + length;
        loop {
            if let Some(trouble) = self.called_off(until, true) {
                return Err(trouble);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(PATIENCE));
        }
    }

    /// Why nothing more should be waited for.
    pub(super) fn called_off(&self, until: Instant, interruptible: bool) -> Option<Trouble> {
        if interruptible && self.interrupt.is_thrown() {
            return Some(Trouble::Interrupted);
        }
        (Instant::now() >= until).then_some(Trouble::TimedOut)
    }
}

async fn perform(builder: reqwest::RequestBuilder, authenticator: &Authenticator) -> Result<Answer, Trouble> {
    let token = authenticator.token().await.map_err(|error| Trouble::Credentials(error.reason, error.transient))?;
    let builder = match token {
        Some(token) => builder.bearer_auth(token),
        None => builder,
    };
    let mut response = builder.send().await.map_err(trouble)?;
    let status = response.status().as_u16();
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(trouble)? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(Trouble::Broken(format!("the answer is longer than {MOST_BYTES} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, retry_after: header.map(Duration::from_secs), body })
}

/// What went wrong, by its innermost cause: the outer ones say no more than that something did.
fn trouble(error: reqwest::Error) -> Trouble {
    let error = error.without_url();
    let connecting = error.is_connect() || error.is_builder();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if connecting { Trouble::Unreachable(cause.to_string()) } else { Trouble::Broken(cause.to_string()) }
}
