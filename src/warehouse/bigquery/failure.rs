//! Why a call failed, whether it is worth another try, and what a person can do about it.

use std::time::Duration;

use super::answer::{Reason, Refusal};
use super::wire::{Answer, Trouble};
use crate::warehouse::QueryError;

/// How the reason begins where the answer is not in BigQuery's form.
const FOREIGN: &str = "HTTP ";

/// A call that came to nothing.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// Ctrl-C.
    Interrupted,
    /// The time was up.
    TimedOut,
    /// The server, or the way to it, failed.
    Failed(Fault),
}

impl Failure {
    /// Whether asking again would change nothing.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Failed(fault) if fault.status != 0 && fault.most_tries() == 1)
    }

    /// Whether BigQuery, in its own words, will not do what was asked.
    pub(super) fn is_refusal(&self) -> bool {
        self.is_final() && matches!(self, Self::Failed(fault) if !fault.reason.starts_with(FOREIGN))
    }
}

/// What the server said, or what was wrong with it.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// The HTTP status; 0 without an answer, and for what is wrong with an answer of success.
    pub(super) status: u16,
    /// BigQuery's word for it, such as `notFound`, or ours.
    pub(super) reason: String,
    pub(super) message: String,
    /// The job, as `project:location.id`; empty before there is one.
    pub(super) job: String,
    /// When to try again, if the server says so.
    pub(super) retry_after: Option<Duration>,
    /// How many tries were made.
    pub(super) tries: u32,
}

impl Fault {
    pub(super) fn new(reason: &str, message: impl Into<String>) -> Self {
        Self { status: 0, reason: reason.to_owned(), message: message.into(), job: String::new(), retry_after: None, tries: 1 }
    }

    /// An answer whose status is no success.
    pub(super) fn of_answer(answer: &Answer) -> Self {
        let refusal = serde_json::from_slice::<Refusal>(&answer.body).ok().map(|refusal| refusal.error);
        let status = answer.status;
        let fault = match refusal {
            Some(body) => {
                let first = body.errors.into_iter().next().unwrap_or_default();
                let reason = [first.reason, body.status].into_iter().find(|word| !word.is_empty());
                let message = if body.message.is_empty() { first.message } else { body.message };
                Self::new(&reason.unwrap_or_else(|| format!("status {status}")), message)
            }
            // A proxy or a load balancer speaks HTML.
            None => Self::new(&format!("{FOREIGN}{status}"), excerpt(&answer.body)),
        };
        Self { status, retry_after: answer.retry_after, ..fault }
    }

    /// An answer of success that cannot be read.
    pub(super) fn unreadable(error: &serde_json::Error) -> Self {
        Self::new("unreadable", format!("the server's answer cannot be read: {error}"))
    }

    /// The first reason of a job that failed.
    pub(super) fn of_job(reason: Reason) -> Self {
        Self::new(if reason.reason.is_empty() { "failed" } else { &reason.reason }, reason.message)
    }

    pub(super) fn of_trouble(trouble: &Trouble) -> Option<Self> {
        match trouble {
            Trouble::Interrupted | Trouble::TimedOut => None,
            Trouble::Credentials(reason, transient) => Some(Self::new(if *transient { "tokenLater" } else { "noToken" }, reason)),
            Trouble::Unreachable(cause) => Some(Self::new("unreachable", format!("there is no connection: {cause}"))),
            Trouble::Broken(cause) => Some(Self::new("broken", format!("the answer broke off: {cause}"))),
        }
    }

    /// How often such a call is worth trying in all: what cannot succeed is tried once, an overloaded server for a minute
    /// or so, and a strange answer or a refused connection for a few seconds.
    pub(super) fn most_tries(&self) -> u32 {
        const PATIENT: u32 = 9;
        const BRIEF: u32 = 4;
        match (self.status, self.reason.as_str()) {
            (_, "unreachable" | "broken" | "unreadable" | "tokenLater") => BRIEF,
            // BigQuery says 403 for rates that pass and for quotas that do not.
            (403, "rateLimitExceeded" | "jobRateLimitExceeded" | "userRateLimitExceeded") | (408 | 429 | 500 | 502 | 503 | 504, _) => {
                PATIENT
            }
            _ => 1,
        }
    }

    /// What to do, where that is known.
    fn remedy(&self) -> Option<&'static str> {
        let message = self.message.to_lowercase();
        Some(match (self.status, self.reason.as_str()) {
            (_, "noToken" | "tokenLater") => {
                "run `gcloud auth application-default login`, or name a credentials file with GOOGLE_APPLICATION_CREDENTIALS"
            }
            (401, _) => "the credentials are wrong or have expired: log in again, or renew the token",
            (403, "accessDenied" | "PERMISSION_DENIED") => {
                "check the table's name; grant roles/bigquery.jobUser on the target's `project` and roles/bigquery.dataViewer on the dataset"
            }
            (_, "bytesBilledLimitExceeded") => {
                "narrow the scope, or raise `max_bytes_billed` of the target; 10 MB are billed for each table at least"
            }
            (_, "quotaExceeded" | "billingNotEnabled" | "billingTierLimitExceeded") => {
                "a quota of the project is used up or it has no billing account: wait, or raise it"
            }
            (_, "responseTooLarge" | "resourcesExceeded" | "tooManyRows") => "narrow the scope with --season, or --from and --to",
            (_, "notASelect") => "only queries are run: correct the query file",
            (_, "stopped") => "someone cancelled the job; run again",
            (_, "overBudget") => "narrow the scope, or raise --max-bytes or `max_bytes_billed` of the target",
            (_, "timeout") => "narrow the scope, or raise --timeout or `job_timeout` of the target",
            _ if message.contains("partition elimination") || message.contains("filter over column") => {
                "the table requires a filter on the column that it is partitioned by: make that the output's `date`"
            }
            (404, _) | (_, "notFound") => {
                "check `project`, `location` and `dataset` of the target, and the table's name; what is in another location is not found"
            }
            (_, "unreachable") => "check the network, the proxy, and `endpoint` of the target",
            (408 | 429 | 500..=599, _) | (403, "rateLimitExceeded") | (_, "broken" | "unreadable") => {
                "the server is overloaded or unwell: run again later"
            }
            (_, "inconsistent") => "run again; if it persists, report it with the job's id",
            _ => return None,
        })
    }

    /// As the finding of a check has it.
    pub(super) fn into_error(self) -> QueryError {
        let job = if self.job.is_empty() { String::new() } else { format!(" (job {})", self.job) };
        let tries = if self.tries > 1 { format!(" (after {} tries)", self.tries) } else { String::new() };
        let status = if self.status == 0 || self.reason.starts_with(FOREIGN) { String::new() } else { format!("HTTP {}, ", self.status) };
        let remedy = self.remedy();
        let message = format!("{status}{}: {}{tries}{job}", self.reason, self.message);
        match remedy {
            Some(remedy) => QueryError::Explained { message, remedy: remedy.to_owned() },
            None => QueryError::Engine(message),
        }
    }
}

/// The beginning of an answer that has no other message.
fn excerpt(body: &[u8]) -> String {
    const MOST: usize = 120;
    let text = String::from_utf8_lossy(body);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(MOST) {
        _ if words.is_empty() => "the answer is empty".to_owned(),
        Some((end, _)) => format!("the server answers {:?}...", &words[..end]),
        None => format!("the server answers {words:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Fault};

    fn fault(status: u16, body: &str) -> Fault {
        Fault::of_answer(&Answer { status, retry_after: None, body: body.into() })
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let json = |reason: &str| format!(r#"{{"error": {{"code": 403, "message": "m", "errors": [{{"reason": "{reason}"}}]}}}}"#);
        assert!(fault(403, &json("rateLimitExceeded")).most_tries() > 1);
        for (status, reason) in
            [(403, "quotaExceeded"), (403, "accessDenied"), (400, "invalidQuery"), (404, "notFound"), (401, "authError")]
        {
            assert_eq!(fault(status, &json(reason)).most_tries(), 1, "{status} {reason}");
        }
        for status in [429, 500, 502, 503] {
            assert!(fault(status, "<html>").most_tries() > 1, "{status}");
        }
        assert_eq!(fault(302, "").most_tries(), 1);
    }

    #[test]
    fn keeps_the_servers_reason() {
        let body = r#"{"error": {"code": 403, "message": "Access Denied: x", "errors": [{"reason": "accessDenied", "message": "y"}]}}"#;
        let mut found = fault(403, body);
        found.job = "demo:US.gapgate_1".to_owned();
        let text = found.into_error().to_string();
        assert_eq!(text, "HTTP 403, accessDenied: Access Denied: x (job demo:US.gapgate_1)");
        assert_eq!(fault(403, r#"{"error": {"message": "no", "status": "PERMISSION_DENIED"}}"#).reason, "PERMISSION_DENIED");
        assert!(fault(502, "<html>\n<b>Bad</b>").message.contains("<html> <b>Bad</b>"));
    }
}
