//! What BigQuery's refusals mean: whether another try is worth it, and what a person can do.

use super::answer::{Reason, Refusal};
use crate::warehouse::rest::{Answer, Fault, Protocol};

/// BigQuery's manner of refusing.
pub(super) const PROTOCOL: Protocol =
    Protocol { refusal, passes, remedy, ending: "look for it in the job history of the project, and cancel it there or with `bq cancel`" };

/// What is wrong, though no answer said so.
pub(super) fn fault(reason: &str, message: impl Into<String>) -> Fault {
    Fault::new(&PROTOCOL, reason, message)
}

/// The first reason of a job that failed.
pub(super) fn of_job(reason: Reason) -> Fault {
    fault(if reason.reason.is_empty() { "failed" } else { &reason.reason }, reason.message)
}

fn refusal(answer: &Answer) -> Option<(String, String)> {
    let body = serde_json::from_slice::<Refusal>(&answer.body).ok()?.error;
    let first = body.errors.into_iter().next().unwrap_or_default();
    let reason = [first.reason, body.status].into_iter().find(|word| !word.is_empty());
    Some((reason.unwrap_or_default(), if body.message.is_empty() { first.message } else { body.message }))
}

/// BigQuery says 403 for rates that pass and for quotas that do not.
fn passes(fault: &Fault) -> bool {
    fault.status == 403 && ["rateLimitExceeded", "jobRateLimitExceeded", "userRateLimitExceeded"].contains(&fault.reason.as_str())
}

fn remedy(fault: &Fault) -> Option<&'static str> {
    let message = fault.message.to_lowercase();
    Some(match (fault.status, fault.reason.as_str()) {
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
        (403, "rateLimitExceeded") => "the server is overloaded or unwell: run again later",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Answer, Fault, PROTOCOL};

    fn fault(status: u16, body: &str) -> Fault {
        Fault::of_answer(&PROTOCOL, &Answer { status, retry_after: None, body: body.into() })
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
        found.work = "job demo:US.gapgate_1".to_owned();
        let text = found.into_error().to_string();
        assert_eq!(text, "HTTP 403, accessDenied: Access Denied: x (job demo:US.gapgate_1)");
        assert_eq!(fault(403, r#"{"error": {"message": "no", "status": "PERMISSION_DENIED"}}"#).reason, "PERMISSION_DENIED");
        assert!(fault(502, "<html>\n<b>Bad</b>").message.contains("<html> <b>Bad</b>"));
    }
}
