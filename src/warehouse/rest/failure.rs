//! Why a call failed, and whether it is worth another try.

use std::time::Duration;

use super::wire::{Answer, Trouble};
use crate::warehouse::{Deadline, QueryError};

/// How the reason begins where the answer is not in the server's own form.
const FOREIGN: &str = "HTTP ";

/// What engines say differently.
#[derive(Debug)]
pub(in crate::warehouse) struct Protocol {
    /// The server's word and sentence in the body of a refusal.
    pub(in crate::warehouse) refusal: fn(&Answer) -> Option<(String, String)>,
    /// Whether a refusal passes with time, besides those whose status says so.
    pub(in crate::warehouse) passes: fn(&Fault) -> bool,
    /// What to do, where that is known.
    pub(in crate::warehouse) remedy: fn(&Fault) -> Option<&'static str>,
    /// How to end what may go on there.
    pub(in crate::warehouse) ending: &'static str,
}

/// A call that came to nothing.
#[derive(Clone, Debug)]
pub(in crate::warehouse) enum Failure {
    /// Ctrl-C.
    Interrupted,
    /// The time was up.
    TimedOut,
    /// The server, or the way to it, failed.
    Failed(Fault),
}

impl Failure {
    pub(super) fn called_off(trouble: &Trouble) -> Self {
        if *trouble == Trouble::Interrupted { Self::Interrupted } else { Self::TimedOut }
    }

    /// Whether asking again would change nothing.
    #[cfg(any(feature = "bigquery", test))]
    pub(in crate::warehouse) fn is_final(&self) -> bool {
        matches!(self, Self::Failed(fault) if fault.status != 0 && fault.most_tries() == 1)
    }

    /// Whether the server, in its own words, will not do what was asked.
    #[cfg(any(feature = "bigquery", test))]
    pub(in crate::warehouse) fn is_refusal(&self) -> bool {
        self.is_final() && matches!(self, Self::Failed(fault) if !fault.reason.starts_with(FOREIGN))
    }

    /// As the finding of a check has it, with whatever the server repeats.
    pub(super) fn into_error(self, limit: Deadline) -> QueryError {
        match self {
            Self::Interrupted => QueryError::Interrupted,
            Self::TimedOut => QueryError::Timeout(limit.seconds),
            Self::Failed(fault) => fault.into_error(),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

/// What the server said, or what was wrong with it.
#[derive(Clone, Debug)]
pub(in crate::warehouse) struct Fault {
    pub(in crate::warehouse) protocol: &'static Protocol,
    /// The HTTP status; 0 without an answer, and for what is wrong with an answer of success.
    pub(in crate::warehouse) status: u16,
    /// The server's word for it, such as `notFound`, or ours.
    pub(in crate::warehouse) reason: String,
    pub(in crate::warehouse) message: String,
    /// What was to be done, such as `job demo:US.gapgate_1`; empty before there is anything.
    pub(in crate::warehouse) work: String,
    /// Whether it may go on there.
    pub(in crate::warehouse) running: bool,
    /// When to try again, if the server says so.
    pub(in crate::warehouse) retry_after: Option<Duration>,
    /// How many tries were made.
    pub(in crate::warehouse) tries: u32,
}

impl Fault {
    pub(in crate::warehouse) fn new(protocol: &'static Protocol, reason: &str, message: impl Into<String>) -> Self {
        let (message, work) = (message.into(), String::new());
        Self { protocol, status: 0, reason: reason.to_owned(), message, work, running: false, retry_after: None, tries: 1 }
    }

    /// An answer whose status is no success.
    pub(in crate::warehouse) fn of_answer(protocol: &'static Protocol, answer: &Answer) -> Self {
        let status = answer.status;
        let fault = match (protocol.refusal)(answer) {
            Some((reason, message)) if reason.is_empty() => Self::new(protocol, &format!("status {status}"), message),
            Some((reason, message)) => Self::new(protocol, &reason, message),
            // A proxy or a load balancer speaks HTML.
            None => Self::new(protocol, &format!("{FOREIGN}{status}"), excerpt(&answer.body)),
        };
        Self { status, retry_after: answer.retry_after, ..fault }
    }

    /// An answer of success that cannot be read.
    pub(in crate::warehouse) fn unreadable(protocol: &'static Protocol, error: &serde_json::Error) -> Self {
        Self::new(protocol, "unreadable", format!("the server's answer cannot be read: {}", without_quotes(&error.to_string())))
    }

    /// `None` if nothing went wrong but that the wait was called off.
    pub(in crate::warehouse) fn of_trouble(protocol: &'static Protocol, trouble: &Trouble) -> Option<Self> {
        let (reason, message) = match trouble {
            Trouble::Interrupted | Trouble::TimedOut => return None,
            Trouble::Credentials(none) => (if none.transient { "tokenLater" } else { "noToken" }, none.reason.clone()),
            Trouble::Unreachable(cause) => ("unreachable", format!("there is no connection: {cause}")),
            Trouble::Broken(cause) => ("broken", format!("the answer broke off: {cause}")),
        };
        let retry_after = if let Trouble::Credentials(none) = trouble { none.retry_after } else { None };
        Some(Self { retry_after, ..Self::new(protocol, reason, message) })
    }

    /// How often such a call is worth trying in all: what cannot succeed is tried once, an overloaded server for a minute
    /// or so, and a strange answer or a refused connection for a few seconds.
    pub(in crate::warehouse) fn most_tries(&self) -> u32 {
        const PATIENT: u32 = 9;
        const BRIEF: u32 = 4;
        match (self.status, self.reason.as_str()) {
            (_, "unreachable" | "broken" | "unreadable" | "tokenLater") => BRIEF,
            (408 | 429 | 500 | 502 | 503 | 504, _) => PATIENT,
            _ if (self.protocol.passes)(self) => PATIENT,
            _ => 1,
        }
    }

    /// What to do, where that is known: the engine's own word first.
    fn remedy(&self) -> Option<&'static str> {
        (self.protocol.remedy)(self).or(match (self.status, self.reason.as_str()) {
            (408 | 429 | 500..=599, _) | (_, "broken" | "unreadable") => Some("the server is overloaded or unwell: run again later"),
            (_, "inconsistent") => Some("run again; if it persists, report it with the name of what was run"),
            _ => None,
        })
    }

    /// As the finding of a check has it.
    pub(in crate::warehouse) fn into_error(self) -> QueryError {
        let work = if self.work.is_empty() { String::new() } else { format!(" ({})", self.work) };
        let tries = if self.tries > 1 { format!(" (after {} tries)", self.tries) } else { String::new() };
        let status = if self.status == 0 || self.reason.starts_with(FOREIGN) { String::new() } else { format!("HTTP {}, ", self.status) };
        let message = format!("{status}{}: {}{tries}{work}", self.reason, self.message);
        match self.remedy() {
            _ if self.running => QueryError::Running { message, remedy: self.protocol.ending.to_owned() },
            Some(remedy) => QueryError::Explained { message, remedy: remedy.to_owned() },
            None => QueryError::Engine(message),
        }
    }
}

/// What a reader of JSON or the like complains of, without the texts that it cites: they may be secrets.
pub(in crate::warehouse) fn without_quotes(text: &str) -> String {
    match (text.find('"'), text.rfind('"')) {
        (Some(start), Some(end)) if start < end => format!("{}...{}", &text[..=start], &text[end..]),
        _ => text.to_owned(),
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
    use super::without_quotes;

    #[test]
    fn what_is_cited_is_left_out() {
        let text = r#"invalid type: string "a \"b\" c", expected a struct at line 1"#;
        assert_eq!(without_quotes(text), r#"invalid type: string "...", expected a struct at line 1"#);
        assert_eq!(without_quotes("missing field `status` at line 1"), "missing field `status` at line 1");
        assert_eq!(without_quotes("one \" only"), "one \" only");
    }
}
