//! What Databricks' refusals mean: whether another try is worth it, and what a person can do.

use super::answer::Refusal;
use crate::warehouse::rest::{Answer, Fault, Protocol};

/// Databricks' manner of refusing. Its statuses say what passes with time.
pub(super) const PROTOCOL: Protocol =
    Protocol { refusal, passes: |_| false, remedy, ending: "look for it in the query history of the SQL warehouse, and cancel it there" };

/// What is wrong, though no answer said so.
pub(super) fn fault(reason: &str, message: impl Into<String>) -> Fault {
    Fault::new(&PROTOCOL, reason, message)
}

/// What contradicts what was said before.
pub(super) fn inconsistent(message: impl Into<String>) -> Fault {
    fault("inconsistent", message)
}

/// The reason of a statement that failed.
pub(super) fn of_statement(refusal: Refusal) -> Fault {
    fault(if refusal.error_code.is_empty() { "FAILED" } else { &refusal.error_code }, one_line(&refusal.message))
}

/// Whether the result is only too large to come with the answer.
pub(super) fn is_too_large_for_an_answer(fault: &Fault) -> bool {
    fault.message.contains("EXTERNAL_LINKS") || fault.message.contains("Inline byte limit")
}

fn refusal(answer: &Answer) -> Option<(String, String)> {
    let said = serde_json::from_slice::<Refusal>(&answer.body).ok()?;
    let is_ours = !said.message.is_empty() || !said.error_code.is_empty();
    is_ours.then(|| (said.error_code, one_line(&said.message)))
}

fn remedy(fault: &Fault) -> Option<&'static str> {
    let says = |words: &[&str]| words.iter().any(|word| fault.message.contains(word) || fault.reason.contains(word));
    Some(match (fault.status, fault.reason.as_str()) {
        (_, "noToken" | "tokenLater") => {
            "check `token`, or `client_id` and `client_secret`: DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET"
        }
        (_, "noLink") => "the store of large results must be reachable from here: allow it in the firewall, or narrow the scope",
        (401, _) => "the token is wrong or has expired: renew it",
        _ if says(&["TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "NO_SUCH_CATALOG"]) => {
            "check the table's name, and `catalog` and `schema` of the target"
        }
        _ if says(&["not a valid endpoint", "ENDPOINT_NOT_FOUND"]) => "check `warehouse_id`",
        _ if says(&["INSUFFICIENT_PERMISSIONS", "PERMISSION_DENIED", "INSUFFICIENT_PRIVILEGES"]) || fault.status == 403 => {
            "grant CAN USE on the SQL warehouse, USE CATALOG, USE SCHEMA, and SELECT on the tables"
        }
        (404, _) => "check `host` and `warehouse_id`",
        _ if says(&["DATATYPE_MISMATCH", "CAST_INVALID_INPUT"]) => {
            "two types do not fit: cast one of them in the project file or the query"
        }
        (_, "unreachable") => "check `host`, the network and the proxy",
        (_, "stopped") => "someone cancelled the statement, or the SQL warehouse stopped: run again",
        _ => return None,
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Answer, Fault, PROTOCOL};

    fn fault(status: u16, body: &str) -> Fault {
        Fault::of_answer(&PROTOCOL, &Answer { status, retry_after: None, body: body.into() })
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for (status, more) in [(400, false), (401, false), (403, false), (404, false), (409, false), (302, false), (429, true), (503, true)]
        {
            assert_eq!(fault(status, "<html>").most_tries() > 1, more, "{status}");
        }
    }

    #[test]
    fn keeps_the_servers_reason() {
        let mut found = fault(403, r#"{"error_code": "PERMISSION_DENIED", "message": "You do not have\n permission"}"#);
        found.work = "statement 01ef".to_owned();
        assert_eq!(found.into_error().to_string(), "HTTP 403, PERMISSION_DENIED: You do not have permission (statement 01ef)");
        let page = fault(502, "<html>\n<b>Bad</b>").into_error();
        assert_eq!(page.to_string(), "HTTP 502: the server answers \"<html> <b>Bad</b>\"");
    }
}
