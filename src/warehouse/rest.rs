//! Asking a server over HTTP and JSON: the same call until it succeeds, cannot succeed, or the time is up.
//!
//! What the answers mean is the engines' business; how long to wait, when to try again and what never to show is settled here.

mod failure;
mod wire;

#[cfg(feature = "databricks")]
use std::collections::BTreeMap;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::{Deadline, QueryError};
pub(super) use failure::{Failure, Fault, Protocol, without_quotes};
#[cfg(feature = "bigquery")]
pub(super) use wire::Secrets;
#[cfg(feature = "databricks")]
pub(super) use wire::send;
pub(super) use wire::{Answer, NoToken, Patience, Trouble, Wire};

/// How long a cancellation may take, in which nothing else happens.
pub(super) const FAREWELL: Duration = Duration::from_secs(3);

/// No refusal is longer, in bytes, so that results need not be read twice.
const MOST_OF_A_REFUSAL: usize = 64 << 10;

/// A token that is valid now, or one made anew if the flag says that the last one was refused; `None` where nobody is to be
/// named.
pub(super) type Tokens = Box<dyn Fn(bool) -> Pin<Box<dyn Future<Output = Result<Option<String>, NoToken>> + Send>> + Send + Sync>;

/// One server, and as whom to ask it.
pub(super) struct Rest {
    pub(super) wire: Wire,
    /// What goes before the path of every request.
    pub(super) base: String,
    pub(super) tokens: Tokens,
    /// Whether tokens can be made anew.
    pub(super) renews: bool,
    pub(super) protocol: &'static Protocol,
}

impl std::fmt::Debug for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rest").field("wire", &self.wire).field("base", &self.base).finish_non_exhaustive()
    }
}

/// A request: everything but server and token.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    /// JSON.
    pub(super) body: Option<Vec<u8>>,
}

impl Rest {
    /// One exchange. `begun` becomes true if the server may do what it was asked for, whatever it answered.
    fn exchange(&self, request: &Request, patience: Patience, anew: bool, begun: &mut bool) -> Result<Answer, Trouble> {
        let mut builder = self.wire.request(request.method.clone(), &format!("{}{}", self.base, request.path)).query(&request.query);
        if let Some(body) = &request.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let (token, sent) = ((self.tokens)(anew), Arc::new(AtomicBool::new(false)));
        let sending = Arc::clone(&sent);
        let token = async move { token.await.inspect(|_| sending.store(true, Ordering::SeqCst)) };
        let outcome = self.wire.exchange(builder, token, patience);
        *begun |= sent.load(Ordering::SeqCst) && may_have_begun(&outcome);
        outcome
    }

    /// Whether the server did what it was asked for. Some say no with the status of a yes.
    fn is_done(&self, answer: &Answer) -> bool {
        answer.is_success() && (answer.body.len() > MOST_OF_A_REFUSAL || (self.protocol.refusal)(answer).is_none())
    }

    /// Makes a call until it succeeds, cannot succeed, or the time is up.
    pub(super) fn call<T: DeserializeOwned>(&self, request: &Request, until: Instant) -> Result<T, Failure> {
        self.begin(request, Patience::until(until), &mut false)
    }

    /// The same for a call that sets something going. `begun` becomes true if a try may have done so without a word of it.
    pub(super) fn begin<T: DeserializeOwned>(&self, request: &Request, patience: Patience, begun: &mut bool) -> Result<T, Failure> {
        let mut renewed = false;
        self.again(patience.until, || {
            let answer = match self.exchange(request, patience, false, begun) {
                // A token that was good a moment ago may have been revoked, or have run out early.
                Ok(answer) if answer.status == 401 && self.renews && !renewed => {
                    renewed = true;
                    self.exchange(request, patience, true, begun)
                }
                answer => answer,
            }?;
            if !self.is_done(&answer) {
                return Ok(Err(Fault::of_answer(self.protocol, &answer)));
            }
            Ok(serde_json::from_slice(&answer.body).map_err(|error| Fault::unreadable(self.protocol, &error)))
        })
    }

    /// What is behind a link, which bears its own credentials: the server's are none of the other's business.
    #[cfg(feature = "databricks")]
    pub(super) fn fetch(&self, link: &str, headers: &BTreeMap<String, String>, until: Instant) -> Result<Answer, Trouble> {
        let signature = link.split_once('?').into_iter().flat_map(|(_, query)| query.split('&'));
        let signature = signature.filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
        signature.chain(headers.values().map(String::as_str)).for_each(|text| self.wire.secrets().add_long(text));
        let builder = self.wire.request(Method::GET, link);
        let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(name, value));
        self.wire.exchange(builder, async { Ok(None) }, Patience::until(until))
    }

    /// Tries until there is an answer, there cannot be one, or the time is up.
    pub(super) fn again<T>(&self, until: Instant, mut attempt: impl FnMut() -> Result<Result<T, Fault>, Trouble>) -> Result<T, Failure> {
        let mut tries = 0;
        let mut last = None;
        loop {
            tries += 1;
            let fault = match attempt() {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(fault)) => fault,
                Err(trouble) => match (Fault::of_trouble(self.protocol, &trouble), last.take()) {
                    (Some(fault), _) => fault,
                    // What kept the call from succeeding tells more than that the time was up.
                    (None, Some(fault)) if trouble == Trouble::TimedOut => return Err(Failure::Failed(fault)),
                    (None, _) => return Err(Failure::called_off(&trouble)),
                },
            };
            let fault = Fault { tries, ..fault };
            let wait = fault.retry_after.unwrap_or_default().max(backoff(tries));
            if tries >= fault.most_tries() || Instant::now() + wait >= until {
                return Err(Failure::Failed(fault));
            }
            self.pause(wait, until)?;
            last = Some(fault);
        }
    }

    /// Waits, unless the time is up or Ctrl-C comes first.
    pub(super) fn pause(&self, length: Duration, until: Instant) -> Result<(), Failure> {
        self.wire.pause(length, until).map_err(|trouble| Failure::called_off(&trouble))
    }

    /// Whether nothing more should be begun.
    pub(super) fn check(&self, until: Instant) -> Result<(), Failure> {
        self.wire.called_off(until, true).map_or(Ok(()), |trouble| Err(Failure::called_off(&trouble)))
    }

    /// As the finding of a check has it, whatever the server repeats.
    pub(super) fn error(&self, failure: Failure, limit: Deadline) -> QueryError {
        let secrets = self.wire.secrets();
        match failure.into_error(limit) {
            QueryError::Engine(message) => QueryError::Engine(secrets.scrub(&message)),
            QueryError::Explained { message, remedy } => QueryError::Explained { message: secrets.scrub(&message), remedy },
            QueryError::Running { message, remedy } => QueryError::Running { message: secrets.scrub(&message), remedy },
            error => error,
        }
    }

    /// Asks for the end of something, briefly, even after Ctrl-C. What is not there needs no end, unless it may yet come.
    ///
    /// # Errors
    /// Why it may go on.
    pub(super) fn farewell(&self, request: &Request, may_come: bool) -> Result<(), String> {
        let until = Instant::now() + FAREWELL;
        let patience = Patience { until, interruptible: false, grace: Duration::ZERO };
        let mut tries = 0;
        loop {
            tries += 1;
            let ours = |reason, message| Fault::new(self.protocol, reason, message);
            let fault = match self.exchange(request, patience, false, &mut false) {
                Ok(answer) if answer.is_success() || (answer.status == 404 && !may_come) => return Ok(()),
                Ok(answer) if answer.status == 404 => ours("notThere", "the server does not know it, and may yet begin it"),
                Ok(answer) => Fault::of_answer(self.protocol, &answer),
                Err(trouble) => Fault::of_trouble(self.protocol, &trouble).unwrap_or_else(|| ours("timeout", "the server does not answer")),
            };
            let most = if fault.reason == "notThere" { u32::MAX } else { fault.most_tries().min(3) };
            let wait = backoff(tries.min(2));
            if tries >= most || Instant::now() + wait >= until {
                return Err(fault.message);
            }
            std::thread::sleep(wait);
        }
    }
}

/// Whether the server may do what it was asked for. Who is refused, overloaded or not reached does not.
fn may_have_begun(outcome: &Result<Answer, Trouble>) -> bool {
    match outcome {
        Ok(answer) => answer.is_success() || answer.status == 408 || (answer.status >= 500 && answer.status != 503),
        Err(trouble) => !matches!(trouble, Trouble::Unreachable(_) | Trouble::Credentials(_)),
    }
}

/// Random bits from the seed of the hash maps, which the system gives.
pub(super) fn random() -> u64 {
    RandomState::new().hash_one(())
}

/// Twice as long after each try up to 20 s, and between half and all of it, so that many clients do not come back at once.
fn backoff(tries: u32) -> Duration {
    let full = Duration::from_millis(250).saturating_mul(2u32.saturating_pow(tries.saturating_sub(1))).min(Duration::from_secs(20));
    full / 2 + full.mul_f64((random() % 1000) as f64 / 2000.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::backoff;

    #[test]
    fn waits_grow_and_end() {
        for tries in 1..40 {
            let full = Duration::from_millis(250 * 2u64.pow(tries.min(10) - 1)).min(Duration::from_secs(20));
            let wait = backoff(tries);
            assert!(wait >= full / 2 && wait <= full, "{tries}: {wait:?}");
        }
    }
}
