//! One exchange with a server: a request goes out, an answer comes back, or the reason why not. No retries, no meaning.
//!
//! The HTTP client is asynchronous and lives on a thread of its own; whoever asks waits on a channel, looks at the clock and at
//! Ctrl-C meanwhile, and gives the request up in the middle if need be.

use std::future::Future;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, redirect};
use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;

use crate::warehouse::Interrupt;

/// How often a waiting thread looks at the clock and at Ctrl-C.
const TICK: Duration = Duration::from_millis(20);

/// The longest silence of a server within an answer, and before it: a poll waits for ten seconds by design.
const SILENCE: Duration = Duration::from_secs(60);

/// No page, and no part of a result, is half of this.
const MOST_BYTES: usize = 64 << 20;

/// The longest wait that a server may ask for: a day is beyond every time limit worth having, and within what a clock counts.
const MOST_WAIT: Duration = Duration::from_secs(86_400);

/// What is shorter is no secret worth the name, and would be cut out of innocent words.
const LEAST_SECRET: usize = 8;

/// Sends requests, and remembers what must not be shown.
#[derive(Debug)]
pub(in crate::warehouse) struct Wire {
    handle: Handle,
    client: Client,
    interrupt: Interrupt,
    secrets: Secrets,
    /// Ends the thread when it is dropped.
    _running: oneshot::Sender<()>,
}

/// How long an answer is waited for.
#[derive(Clone, Copy, Debug)]
pub(in crate::warehouse) struct Patience {
    /// Until then,
    pub(in crate::warehouse) until: Instant,
    /// or until Ctrl-C,
    pub(in crate::warehouse) interruptible: bool,
    /// and so much longer in both cases, because the answer is needed to clean up.
    pub(in crate::warehouse) grace: Duration,
}

impl Patience {
    /// Until then, or until Ctrl-C.
    pub(in crate::warehouse) fn until(until: Instant) -> Self {
        Self { until, interruptible: true, grace: Duration::ZERO }
    }
}

/// An answer of any status, complete.
#[derive(Debug)]
pub(in crate::warehouse) struct Answer {
    pub(in crate::warehouse) status: u16,
    pub(in crate::warehouse) retry_after: Option<Duration>,
    pub(in crate::warehouse) body: Vec<u8>,
}

impl Answer {
    pub(in crate::warehouse) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::warehouse) enum Trouble {
    /// Ctrl-C.
    Interrupted,
    /// The time was up.
    TimedOut,
    /// No credentials.
    Credentials(NoToken),
    /// There is no connection.
    Unreachable(String),
    /// The answer broke off.
    Broken(String),
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::warehouse) struct NoToken {
    pub(in crate::warehouse) reason: String,
    /// Another try may have one,
    pub(in crate::warehouse) transient: bool,
    /// after that time, if it is known.
    pub(in crate::warehouse) retry_after: Option<Duration>,
}

/// Texts that a server may repeat, and nobody may read.
#[derive(Clone, Default)]
pub(in crate::warehouse) struct Secrets(Arc<Mutex<Vec<String>>>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Secrets {
    /// Never shows this text from now on.
    pub(in crate::warehouse) fn add(&self, secret: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !secret.is_empty() && !known.iter().any(|other| other == secret) {
            // One that contains another goes before it, so that nothing is left of it.
            let place = known.partition_point(|other| other.len() >= secret.len());
            known.insert(place, secret.to_owned());
        }
    }

    /// The same of a text that may be a secret, by its place or its length.
    pub(in crate::warehouse) fn add_long(&self, text: &str) {
        if text.len() >= LEAST_SECRET {
            self.add(text);
        }
    }

    /// The text without secrets, should a server repeat them.
    pub(in crate::warehouse) fn scrub(&self, text: &str) -> String {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
    }
}

impl Wire {
    /// Starts the thread. Nothing is sent yet. A server on this machine is asked directly, without a proxy.
    pub(in crate::warehouse) fn new(name: &str, base: &str, interrupt: &Interrupt) -> Result<Self, String> {
        // The crates that are linked bring several; a second call is refused, and the first stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
        let handle = runtime.handle().clone();
        let (running, stopped) = oneshot::channel();
        let serve = move || {
            let _ = runtime.block_on(stopped);
        };
        thread::Builder::new().name(name.to_owned()).spawn(serve).map_err(|error| error.to_string())?;
        let mut client = Client::builder()
            .user_agent(concat!("gapgate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(SILENCE)
            .redirect(redirect::Policy::none());
        if base.starts_with("http://") {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| error.to_string())?;
        Ok(Self { handle, client, interrupt: interrupt.clone(), secrets: Secrets::default(), _running: running })
    }

    pub(in crate::warehouse) fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// For requests of one's own, such as those for a token.
    #[cfg(feature = "databricks")]
    pub(in crate::warehouse) fn client(&self) -> Client {
        self.client.clone()
    }

    /// One request and its answer. The token that it is sent with is never shown from then on.
    pub(in crate::warehouse) fn exchange(
        &self,
        builder: RequestBuilder,
        token: impl Future<Output = Result<Option<String>, NoToken>> + Send + 'static,
        patience: Patience,
    ) -> Result<Answer, Trouble> {
        let (send, receive) = channel();
        let secrets = self.secrets.clone();
        let task = self.handle.spawn(async move {
            let _ = send.send(perform(builder, token, &secrets).await);
        });
        let mut end = None;
        loop {
            match receive.recv_timeout(TICK) {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Disconnected) => return Err(Trouble::Broken("the client gave up".to_owned())),
                Err(RecvTimeoutError::Timeout) => {
                    let Some(trouble) = self.called_off(patience.until, patience.interruptible) else { continue };
                    if Instant::now() >= *end.get_or_insert_with(|| Instant::now() + patience.grace) {
                        task.abort();
                        return Err(trouble);
                    }
                }
            }
        }
    }

    /// Waits, unless the time is up or Ctrl-C comes first.
    pub(in crate::warehouse) fn pause(&self, length: Duration, until: Instant) -> Result<(), Trouble> {
        let end = Instant::now() + length;
        loop {
            if let Some(trouble) = self.called_off(until, true) {
                return Err(trouble);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(TICK));
        }
    }

    /// Why nothing more should be waited for.
    pub(in crate::warehouse) fn called_off(&self, until: Instant, interruptible: bool) -> Option<Trouble> {
        if interruptible && self.interrupt.is_thrown() {
            return Some(Trouble::Interrupted);
        }
        (Instant::now() >= until).then_some(Trouble::TimedOut)
    }

    /// What is never shown.
    pub(in crate::warehouse) fn secrets(&self) -> &Secrets {
        &self.secrets
    }
}

async fn perform(
    builder: RequestBuilder,
    token: impl Future<Output = Result<Option<String>, NoToken>>,
    secrets: &Secrets,
) -> Result<Answer, Trouble> {
    let builder = match token.await.map_err(Trouble::Credentials)? {
        Some(token) => {
            secrets.add(&token);
            builder.header(AUTHORIZATION, bearer(&token)?)
        }
        None => builder,
    };
    let answer = send(builder).await?;
    // Before anything is cut off it, and with it the end of a secret.
    let body = if answer.is_success() { answer.body } else { secrets.scrub(&String::from_utf8_lossy(&answer.body)).into_bytes() };
    Ok(Answer { body, ..answer })
}

fn bearer(token: &str) -> Result<HeaderValue, Trouble> {
    let header = HeaderValue::from_str(&format!("Bearer {token}")).ok().filter(|_| !token.is_empty());
    let mut header = header.ok_or_else(|| {
        let reason = "the token is empty, or has line breaks or other characters that no token has".to_owned();
        Trouble::Credentials(NoToken { reason, transient: false, retry_after: None })
    })?;
    header.set_sensitive(true);
    Ok(header)
}

/// Sends a request and reads all of its answer.
pub(in crate::warehouse) async fn send(builder: RequestBuilder) -> Result<Answer, Trouble> {
    let mut response = builder.send().await.map_err(trouble)?;
    let status = response.status().as_u16();
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let retry_after = header.map(|seconds| Duration::from_secs(seconds).min(MOST_WAIT));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(trouble)? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(Trouble::Broken(format!("the answer is longer than {MOST_BYTES} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, retry_after, body })
}

/// What went wrong, by its innermost cause: the outer ones say no more than that something did, and repeat the address.
fn trouble(error: reqwest::Error) -> Trouble {
    let error = error.without_url();
    let connecting = error.is_connect() || error.is_builder();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if connecting { Trouble::Unreachable(cause.to_string()) } else { Trouble::Broken(cause.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::Secrets;

    #[test]
    fn nothing_is_left_of_a_secret_that_contains_another() {
        let secrets = Secrets::default();
        ["abc", "abcdefgh", "cdefghij"].iter().for_each(|secret| secrets.add(secret));
        secrets.add_long("short");
        assert_eq!(secrets.scrub("abcdefgh abc short"), "*** *** short");
    }
}
