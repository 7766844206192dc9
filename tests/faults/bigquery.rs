//! BigQuery's REST protocol, as far as gapgate speaks it, over results that a test makes up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};

use crate::server::{Reply, Request, Server};

/// The token of the target, which must never be seen again.
pub(crate) const TOKEN: &str = "ya29.very-secret-token";

/// Rows of a page.
const PAGE: usize = 2;

/// The columns and rows of a statement.
#[derive(Clone, Debug)]
pub(crate) struct Result {
    pub(crate) fields: Vec<(&'static str, &'static str)>,
    pub(crate) rows: Vec<Vec<Json>>,
}

#[derive(Clone, Debug)]
struct Job {
    sql: String,
    cancelled: bool,
}

/// A project of BigQuery.
#[derive(Clone, Default)]
pub(crate) struct Project {
    jobs: Arc<Mutex<BTreeMap<String, Job>>>,
}

/// Starts a server; `result` makes the rows of a statement, and `bytes` is what every one of them reads.
pub(crate) fn start(bytes: u64, result: impl Fn(&str) -> Result + Send + Sync + 'static) -> (Server, Project) {
    let project = Project::default();
    let state = project.clone();
    let server = Server::start(move |request| state.answer(request, bytes, &result));
    (server, project)
}

impl Project {
    /// The jobs that were asked to stop.
    pub(crate) fn cancelled(&self) -> usize {
        self.jobs.lock().expect("no panic").values().filter(|job| job.cancelled).count()
    }

    /// All jobs that were inserted.
    pub(crate) fn inserted(&self) -> usize {
        self.jobs.lock().expect("no panic").len()
    }

    fn answer(&self, request: &Request, bytes: u64, result: &dyn Fn(&str) -> Result) -> Reply {
        if let Some(reply) = token(request) {
            return reply;
        }
        if request.headers.get("authorization") != Some(&format!("Bearer {TOKEN}")) {
            return refusal(401, "authError", "Request had invalid authentication credentials.");
        }
        let Some(path) = request.path.strip_prefix("/bigquery/v2/projects/demo/") else {
            return refusal(404, "notFound", &format!("Not found: {}", request.path));
        };
        let parts: Vec<&str> = path.split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["jobs"]) => self.insert(&request.json(), bytes),
            ("GET", ["jobs", id]) => self.describe(id),
            ("POST", ["jobs", id, "cancel"]) => self.cancel(id),
            ("GET", ["queries", id]) => self.page(id, request, result),
            ("GET", ["datasets", name]) => Reply::json(200, &json!({"datasetReference": {"datasetId": name}, "location": "EU"})),
            _ => refusal(404, "notFound", &format!("Not found: {path}")),
        }
    }

    fn insert(&self, job: &Json, bytes: u64) -> Reply {
        let configuration = &job["configuration"];
        let sql = configuration["query"]["query"].as_str().unwrap_or_default().to_owned();
        let cap: u64 = configuration["query"]["maximumBytesBilled"].as_str().and_then(|n| n.parse().ok()).expect("a cap on every job");
        assert_eq!(configuration["labels"]["tool"], "gapgate", "a label on every job");
        if configuration["dryRun"] == true {
            let statistics = json!({"totalBytesProcessed": bytes.to_string(), "query": {"statementType": "SELECT",
                "totalBytesProcessed": bytes.to_string(), "referencedTables": [{"projectId": "demo", "datasetId": "shop", "tableId": "sales"}]}});
            return Reply::json(
                200,
                &json!({"jobReference": {"projectId": "demo", "location": "EU"}, "statistics": statistics,
                "status": {"state": "DONE"}, "configuration": configuration}),
            );
        }
        let id = job["jobReference"]["jobId"].as_str().expect("an id of the client's").to_owned();
        assert_eq!(job["jobReference"]["location"], "EU", "the job runs where the tables are");
        assert!(configuration["jobTimeoutMs"].is_string(), "a time limit on every job");
        if bytes > cap {
            return refusal(400, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed");
        }
        let mut jobs = self.jobs.lock().expect("no panic");
        if jobs.contains_key(&id) {
            return refusal(409, "duplicate", &format!("Already Exists: Job demo:EU.{id}"));
        }
        jobs.insert(id.clone(), Job { sql, cancelled: false });
        Reply::json(200, &described(&id, "RUNNING"))
    }

    fn describe(&self, id: &str) -> Reply {
        let known = self.jobs.lock().expect("no panic").contains_key(id);
        if known { Reply::json(200, &described(id, "DONE")) } else { not_found(id) }
    }

    fn cancel(&self, id: &str) -> Reply {
        match self.jobs.lock().expect("no panic").get_mut(id) {
            Some(job) => job.cancelled = true,
            None => return not_found(id),
        }
        Reply::json(200, &json!({"job": described(id, "DONE")}))
    }

    fn page(&self, id: &str, request: &Request, result: &dyn Fn(&str) -> Result) -> Reply {
        let Some(job) = self.jobs.lock().expect("no panic").get(id).cloned() else { return not_found(id) };
        if request.query.get("location").map(String::as_str) != Some("EU") {
            return not_found(id);
        }
        let result = result(&job.sql);
        let start: usize = request.query.get("pageToken").and_then(|token| token.strip_prefix("row")?.parse().ok()).unwrap_or(0);
        let end = (start + PAGE).min(result.rows.len());
        let row = |row: &Vec<Json>| json!({"f": row.iter().map(|cell| json!({"v": cell})).collect::<Vec<_>>()});
        let fields: Vec<Json> = result.fields.iter().map(|(name, kind)| json!({"name": name, "type": kind, "mode": "NULLABLE"})).collect();
        let mut page = json!({"jobComplete": true, "jobReference": {"projectId": "demo", "jobId": id, "location": "EU"},
            "schema": {"fields": fields}, "totalRows": result.rows.len().to_string(),
            "rows": result.rows[start..end].iter().map(row).collect::<Vec<_>>()});
        if end < result.rows.len() {
            page["pageToken"] = json!(format!("row{end}"));
        }
        Reply::json(200, &page)
    }
}

/// Google's token servers, which exchange what an account has for an access token.
fn token(request: &Request) -> Option<Reply> {
    let answer = match request.path.as_str() {
        "/token" => json!({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600,
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}),
        path if path.ends_with(":generateAccessToken") => json!({"accessToken": TOKEN, "expireTime": "2099-01-01T00:00:00Z"}),
        _ => return None,
    };
    Some(Reply::json(200, &answer))
}

fn described(id: &str, state: &str) -> Json {
    json!({"jobReference": {"projectId": "demo", "jobId": id, "location": "EU"}, "status": {"state": state}})
}

fn not_found(id: &str) -> Reply {
    refusal(404, "notFound", &format!("Not found: Job demo:EU.{id}"))
}

/// An error in BigQuery's own form. It repeats the token, as a careless server would.
pub(crate) fn refusal(status: u16, reason: &str, message: &str) -> Reply {
    let message = format!("{message} [{TOKEN}]");
    let error = json!({"code": status, "message": message, "errors": [{"reason": reason, "message": message, "domain": "global"}]});
    Reply::json(status, &json!({"error": error}))
}

/// The requests by what they are for.
pub(crate) fn is_dry_run(request: &Request) -> bool {
    request.method == "POST" && request.path.ends_with("/jobs") && request.json()["configuration"]["dryRun"] == true
}

pub(crate) fn is_insert(request: &Request) -> bool {
    request.method == "POST" && request.path.ends_with("/jobs") && request.json()["configuration"]["dryRun"] == false
}

pub(crate) fn is_results(request: &Request) -> bool {
    request.method == "GET" && request.path.contains("/queries/")
}

pub(crate) fn is_later_page(request: &Request) -> bool {
    is_results(request) && request.query.contains_key("pageToken")
}

pub(crate) fn is_cancel(request: &Request) -> bool {
    request.method == "POST" && request.path.ends_with("/cancel")
}
