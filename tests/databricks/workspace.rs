//! Databricks' Statement Execution protocol, as far as gapgate speaks it, over results that a test makes up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};

use crate::server::{Reply, Request, Server};

/// The token of the target, what the client gets for its secret, that secret, and what makes a link good: nobody may see them.
pub(crate) const TOKEN: &str = "dapi-very-secret-token";
pub(crate) const CLIENT_TOKEN: &str = "oauth-very-secret-token";
pub(crate) const CLIENT_SECRET: &str = "dose-very-secret";
pub(crate) const SIGNATURE: &str = "very-secret-signature";

/// Rows of a part.
const PART: usize = 2;

/// The columns and rows of a statement.
#[derive(Clone, Debug)]
pub(crate) struct Result {
    /// Name, `type_name`, `type_text`.
    pub(crate) columns: Vec<(&'static str, &'static str, &'static str)>,
    pub(crate) rows: Vec<Vec<Json>>,
}

#[derive(Clone, Debug)]
struct Statement {
    sql: String,
    external: bool,
    /// How many links were given out; only the last one of each part is good.
    links: usize,
    ended: bool,
    cancelled: bool,
}

type Results = Arc<dyn Fn(&str) -> Option<Result> + Send + Sync>;

/// A workspace with one SQL warehouse, `wh1`.
#[derive(Clone)]
pub(crate) struct Workspace {
    statements: Arc<Mutex<BTreeMap<String, Statement>>>,
    results: Results,
    /// No result comes with the answer.
    large: bool,
}

/// Starts a server; `results` makes the rows of a statement, or lets it run for ever.
pub(crate) fn start(large: bool, results: impl Fn(&str) -> Option<Result> + Send + Sync + 'static) -> (Server, Workspace) {
    let workspace = Workspace { statements: Arc::default(), results: Arc::new(results), large };
    let state = workspace.clone();
    (Server::start(move |request| state.answer(request)), workspace)
}

impl Workspace {
    /// The statements that were asked to stop.
    pub(crate) fn cancelled(&self) -> usize {
        self.count(|statement| statement.cancelled)
    }

    /// The statements that nobody waits for, and nobody stopped.
    pub(crate) fn left_running(&self) -> usize {
        self.count(|statement| !statement.cancelled && !statement.ended)
    }

    fn count(&self, which: impl Fn(&Statement) -> bool) -> usize {
        self.statements.lock().expect("no panic").values().filter(|statement| which(statement)).count()
    }

    fn answer(&self, request: &Request) -> Reply {
        let authorization = request.headers.get("authorization").map(String::as_str);
        let path: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["store", id, part, number]) => return self.store(id, part, number, request),
            ("POST", ["oidc", "v1", "token"]) => return token(request),
            _ => {}
        }
        if ![TOKEN, CLIENT_TOKEN].iter().any(|token| authorization == Some(&format!("Bearer {token}"))) {
            return refusal(401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type");
        }
        match (request.method.as_str(), path.as_slice()) {
            ("POST", ["api", "2.0", "sql", "statements"]) => self.submit(&request.json()),
            ("GET", ["api", "2.0", "sql", "statements", id]) => self.look(id, request),
            ("POST", ["api", "2.0", "sql", "statements", id, "cancel"]) => self.cancel(id),
            ("GET", ["api", "2.0", "sql", "statements", id, "result", "chunks", part]) => self.part(id, part, request),
            _ => refusal(404, "ENDPOINT_NOT_FOUND", &format!("No API found for {}", request.path)),
        }
    }

    fn submit(&self, body: &Json) -> Reply {
        assert_eq!((&body["wait_timeout"], &body["on_wait_timeout"]), (&json!("0s"), &json!("CONTINUE")), "the name comes at once");
        assert_eq!((&body["catalog"], &body["schema"], &body["format"]), (&json!("main"), &json!("shop"), &json!("JSON_ARRAY")));
        if body["warehouse_id"] != "wh1" {
            return refusal(404, "RESOURCE_DOES_NOT_EXIST", "SQL warehouse wh2 does not exist at all in the database");
        }
        let mut statements = self.statements.lock().expect("no panic");
        let id = format!("01ef-{}", statements.len());
        let sql = body["statement"].as_str().unwrap_or_default().to_owned();
        let external = body["disposition"] == "EXTERNAL_LINKS";
        statements.insert(id.clone(), Statement { sql, external, links: 0, ended: false, cancelled: false });
        Reply::json(200, &json!({"statement_id": id, "status": {"state": "PENDING"}}))
    }

    fn look(&self, id: &str, request: &Request) -> Reply {
        let Some(statement) = self.statement(id, |_| {}) else { return not_found(id) };
        let state = |state: &str| json!({"statement_id": id, "status": {"state": state}});
        if statement.cancelled {
            return Reply::json(200, &state("CANCELED"));
        }
        let Some(result) = (self.results)(&statement.sql) else { return Reply::json(200, &state("RUNNING")) };
        self.statement(id, |statement| statement.ended = true);
        let is_session = statement.sql.contains("current_timezone");
        if self.large && !statement.external && !is_session {
            let message = "Inline byte limit exceeded. Statements executed with disposition=INLINE can have a result size of at most \
                26214400 bytes. Please execute the statement with disposition=EXTERNAL_LINKS if you want to download the full result.";
            let mut answer = state("FAILED");
            answer["status"]["error"] = json!({"error_code": "BAD_REQUEST", "message": message});
            return Reply::json(200, &answer);
        }
        let column = |(at, (name, type_name, type_text)): (usize, &(&str, &str, &str))| {
            let scale = type_text.rsplit_once(',').and_then(|(_, scale)| scale.trim_end_matches(')').parse::<u32>().ok());
            json!({"name": name, "type_name": type_name, "type_text": type_text, "position": at, "type_scale": scale.unwrap_or(0)})
        };
        let columns: Vec<Json> = result.columns.iter().enumerate().map(column).collect();
        let mut answer = state("SUCCEEDED");
        answer["manifest"] = json!({"format": "JSON_ARRAY", "schema": {"column_count": columns.len(), "columns": columns},
            "total_row_count": result.rows.len(), "total_chunk_count": result.rows.len().div_ceil(PART), "truncated": false});
        answer["result"] = self.chunk(id, 0, request);
        Reply::json(200, &answer)
    }

    fn part(&self, id: &str, part: &str, request: &Request) -> Reply {
        if self.statement(id, |_| {}).is_none() {
            return not_found(id);
        }
        Reply::json(200, &self.chunk(id, part.parse().expect("a number"), request))
    }

    /// A part of the rows, or the link to them.
    fn chunk(&self, id: &str, part: usize, request: &Request) -> Json {
        let statement = self.statement(id, |statement| statement.links += 1).expect("a statement");
        let rows = (self.results)(&statement.sql).expect("a result").rows;
        let (start, end) = (part * PART, ((part + 1) * PART).min(rows.len()));
        let mut chunk = json!({"chunk_index": part, "row_offset": start, "row_count": end.saturating_sub(start)});
        if end < rows.len() {
            chunk["next_chunk_index"] = json!(part + 1);
            chunk["next_chunk_internal_link"] = json!(format!("/api/2.0/sql/statements/{id}/result/chunks/{}", part + 1));
        }
        if !statement.external {
            chunk["data_array"] = json!(rows[start.min(end)..end]);
            return chunk;
        }
        let host = &request.headers["host"];
        chunk["external_link"] = json!(format!("http://{host}/store/{id}/{part}/{}?sig={SIGNATURE}", statement.links));
        chunk["expiration"] = json!("2099-01-01T00:00:00.000Z");
        chunk["http_headers"] = json!({"x-store": "yes"});
        json!({"external_links": [chunk]})
    }

    fn store(&self, id: &str, part: &str, number: &str, request: &Request) -> Reply {
        let statement = self.statement(id, |_| {}).expect("a statement");
        if request.headers.contains_key("authorization") || request.headers.get("x-store").map(String::as_str) != Some("yes") {
            return Reply::text(400, "<Error>only one auth mechanism is allowed</Error>");
        }
        if number != statement.links.to_string() || request.query.get("sig").map(String::as_str) != Some(SIGNATURE) {
            return expired();
        }
        let rows = (self.results)(&statement.sql).expect("a result").rows;
        let start = part.parse::<usize>().expect("a number") * PART;
        Reply::json(200, &json!(rows[start..(start + PART).min(rows.len())]))
    }

    fn cancel(&self, id: &str) -> Reply {
        let known = self.statement(id, |statement| statement.cancelled = true);
        if known.is_some() { Reply::json(200, &json!({})) } else { not_found(id) }
    }

    fn statement(&self, id: &str, change: impl FnOnce(&mut Statement)) -> Option<Statement> {
        let mut statements = self.statements.lock().expect("no panic");
        let statement = statements.get_mut(id)?;
        change(statement);
        Some(statement.clone())
    }
}

/// What a store says of a link that is too old.
pub(crate) fn expired() -> Reply {
    Reply::text(403, &format!("<Error><Code>AccessDenied</Code><Message>Request has expired</Message>sig={SIGNATURE}</Error>"))
}

fn token(request: &Request) -> Reply {
    let wanted = "Basic Y2xpZW50OmRvc2UtdmVyeS1zZWNyZXQ=";
    if request.headers.get("authorization").map(String::as_str) != Some(wanted) || !request.body.contains("client_credentials") {
        let body = json!({"error": "invalid_client", "error_description": format!("Client authentication failed [{CLIENT_SECRET}]")});
        return Reply::json(401, &body);
    }
    Reply::json(200, &json!({"access_token": CLIENT_TOKEN, "token_type": "Bearer", "expires_in": 3600}))
}

fn not_found(id: &str) -> Reply {
    refusal(404, "RESOURCE_DOES_NOT_EXIST", &format!("The statement {id} was not found"))
}

/// An error in Databricks' own form. It repeats the tokens, as a careless server would.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"error_code": code, "message": format!("{message} [{TOKEN}] [{CLIENT_TOKEN}]")}))
}

/// The requests by what they are for.
pub(crate) fn is_session(request: &Request) -> bool {
    is_submission(request) && request.body.contains("current_timezone")
}

pub(crate) fn is_submit(request: &Request) -> bool {
    is_submission(request) && !request.body.contains("current_timezone")
}

fn is_submission(request: &Request) -> bool {
    request.method == "POST" && request.path.ends_with("/sql/statements")
}

pub(crate) fn is_look(request: &Request) -> bool {
    request.method == "GET" && request.path.contains("/sql/statements/") && !request.path.contains("/chunks/")
}

pub(crate) fn is_part(request: &Request) -> bool {
    request.method == "GET" && request.path.contains("/chunks/")
}

pub(crate) fn is_link(request: &Request) -> bool {
    request.path.starts_with("/store/")
}

pub(crate) fn is_token(request: &Request) -> bool {
    request.path.starts_with("/oidc/")
}

pub(crate) fn is_cancel(request: &Request) -> bool {
    request.path.ends_with("/cancel")
}
