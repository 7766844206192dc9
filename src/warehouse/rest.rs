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
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

pub(super) use failure::{Failure, Fault, Protocol};
#[cfg(feature = "databricks")]
pub(super) use wire::send;
pub(super) use wire::{Answer, NoToken, Patience, Trouble, Wire};

/// How long a cancellation may take, in which nothing else happens.
pub(super) const FAREWELL: Duration = Duration::from_secs(3);

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
    fn exchange(&self, request: &Request, patience: Patience, anew: bool) -> Result<Answer, Trouble> {
        let mut builder = self.wire.request(request.method.clone(), &format!("{}{}", self.base, request.path)).query(&request.query);
        if let Some(body) = &request.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        self.wire.exchange(builder, (self.tokens)(anew), patience)
    }

    /// Makes a call until it succeeds, cannot succeed, or the time is up.
    pub(super) fn call<T: DeserializeOwned>(&self, request: &Request, patience: Patience) -> Result<T, Failure> {
        let mut renewed = false;
        self.again(patience.until, || {
            let answer = match self.exchange(request, patience, false) {
                // A token that was good a moment ago may have been revoked, or have run out early.
                Ok(answer) if answer.status == 401 && self.renews && !renewed => {
                    renewed = true;
                    self.exchange(request, patience, true)
                }
                answer => answer,
            }?;
            if !answer.is_success() {
                return Ok(Err(Fault::of_answer(self.protocol, &answer)));
            }
            Ok(serde_json::from_slice(&answer.body).map_err(|error| Fault::unreadable(self.protocol, &error)))
        })
    }

    /// What is behind a link, which bears its own credentials: the server's are none of the other's business.
    #[cfg(feature = "databricks")]
    pub(super) fn fetch(&self, link: &str, headers: &BTreeMap<String, String>, until: Instant) -> Result<Answer, Trouble> {
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
            let message = self.wire.scrub(&fault.message);
            let fault = Fault { tries, message, ..fault };
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

    /// Asks for the end of something, briefly, even after Ctrl-C. What is not there needs no end.
    ///
    /// # Errors
    /// Why it may go on.
    pub(super) fn farewell(&self, request: &Request) -> Result<(), String> {
        let until = Instant::now() + FAREWELL;
        let patience = Patience { until, interruptible: false, grace: Duration::ZERO };
        let mut tries = 0;
        loop {
            tries += 1;
            let fault = match self.exchange(request, patience, false) {
                Ok(answer) if answer.is_success() || answer.status == 404 => return Ok(()),
                Ok(answer) => Fault::of_answer(self.protocol, &answer),
                Err(trouble) => Fault::of_trouble(self.protocol, &trouble)
                    .unwrap_or_else(|| Fault::new(self.protocol, "timeout", "the server does not answer")),
            };
            if tries >= fault.most_tries().min(3) || Instant::now() + backoff(tries) >= until {
                return Err(self.wire.scrub(&fault.message));
            }
            std::thread::sleep(backoff(tries));
        }
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
