//! The keys of a BigQuery target.

use std::collections::BTreeMap;

use super::parts::expand;
use super::toml::{Fields, Node};
use crate::model::bigquery::{BigQuery, Credentials, Secret};
use crate::model::bytes;
use crate::model::catalogue::Source;

/// Where the rows are. `None` if that was complained of.
pub(super) fn source(fields: &Fields<'_>) -> Option<Source> {
    let mut unset = None;
    let mut text = |key| match fields.get(key).and_then(|node| expand(&node))? {
        Ok(text) if text.trim().is_empty() => None,
        Ok(text) => Some(text),
        Err(variable) => {
            unset.get_or_insert(variable);
            None
        }
    };
    let (project, location, dataset) = (text("project"), text("location"), text("dataset"));
    let (endpoint, token) = (text("endpoint"), text("token"));
    let unset = unset.take();
    project.iter().for_each(|name| check_project(fields, name));
    let project = project.or_else(|| std::env::var("GOOGLE_CLOUD_PROJECT").ok());
    let endpoint = endpoint.map(|endpoint| endpoint.trim_end_matches('/').to_owned());
    if let (Some(node), Some(endpoint)) = (fields.get("endpoint"), &endpoint) {
        check_endpoint(&node, endpoint);
    }
    let target = BigQuery {
        project: project.clone().unwrap_or_default(),
        location,
        dataset: dataset.inspect(|name| check_dataset(fields, name)),
        max_bytes: fields.get("max_bytes_billed").and_then(|node| amount(&node)).unwrap_or(BigQuery::MAX_BYTES),
        max_rows: fields.positive("max_rows").unwrap_or(BigQuery::MAX_ROWS),
        job_timeout: fields.positive("job_timeout").inspect(|seconds| check_timeout(fields, *seconds)),
        labels: labels(fields),
        credentials: credentials(fields, endpoint.as_deref(), token),
        endpoint,
    };
    if let Some(variable) = unset {
        return Some(Source::Unset(variable));
    }
    Some(project.map_or_else(|| Source::Unset("`project`, or GOOGLE_CLOUD_PROJECT".to_owned()), |_| Source::BigQuery(Box::new(target))))
}

/// `"20 GB"`, or a number of bytes.
fn amount(node: &Node<'_>) -> Option<u64> {
    if !node.is_text() {
        return node.integer();
    }
    let text = node.text()?;
    let amount = bytes::parse(&text);
    if amount.is_none() {
        node.complain(format!("`{text}` is not an amount of data; write it as \"20 GB\""));
    }
    amount
}

/// A day is four times what BigQuery itself lets a query take.
fn check_timeout(fields: &Fields<'_>, seconds: u64) {
    if let Some(node) = fields.get("job_timeout").filter(|_| seconds > 86_400) {
        node.complain("`job_timeout` is in seconds, at most 86400, a day");
    }
}

fn check_project(fields: &Fields<'_>, name: &str) {
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':')) {
        fields.complain(format!("`project` is the id of a project, which \"{name}\" is not"));
    }
}

fn check_dataset(fields: &Fields<'_>, name: &str) {
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if !plain(name) {
        fields.complain(format!("`dataset` is the name of one dataset of the project, which \"{name}\" is not"));
    }
}

/// A token that others could read on its way, or an address that is none, is the user's to correct.
fn check_endpoint(node: &Node<'_>, endpoint: &str) {
    let rest = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://"));
    if rest.is_none_or(|host| host.is_empty() || host.contains(['@', '?', '#', ' '])) {
        node.complain("`endpoint` is an address without user or query, such as http://127.0.0.1:9050");
    }
}

fn is_private(endpoint: &str) -> bool {
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let rest = local.iter().find_map(|host| endpoint.strip_prefix(host));
    endpoint.starts_with("https://") || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
}

fn credentials(fields: &Fields<'_>, endpoint: Option<&str>, token: Option<String>) -> Credentials {
    #[derive(Clone, Copy)]
    enum Word {
        Default,
        None,
    }
    let word = fields.get("credentials").and_then(|node| node.word(&[(Word::Default, "default"), (Word::None, "none")]));
    let private = endpoint.is_none_or(is_private);
    let credentials = match (token, word) {
        (Some(_), Some(_)) => {
            fields.complain("`token` and `credentials` exclude each other");
            Credentials::None
        }
        (Some(token), None) => Credentials::Token(Secret::new(token)),
        (None, Some(Word::Default)) => Credentials::Default,
        (None, Some(Word::None)) => Credentials::None,
        // Google's own servers, and private ways to them, know whom to expect; an emulator should not be told.
        (None, None) if endpoint.is_none_or(|endpoint| endpoint.starts_with("https://")) => Credentials::Default,
        (None, None) => Credentials::None,
    };
    if !private && credentials != Credentials::None {
        fields.complain("`endpoint` would send the token over http to another machine, where others can read it; use https");
    }
    credentials
}

/// BigQuery's own rules for labels: it would refuse every job that breaks them.
fn labels(fields: &Fields<'_>) -> BTreeMap<String, String> {
    let Some(given) = fields.get("labels").and_then(|node| node.fields()) else { return BTreeMap::new() };
    let fits = |text: &str| text.len() <= 63 && text.chars().all(|c| c.is_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
    let mut labels = BTreeMap::new();
    for (name, node) in given.entries() {
        let Some(value) = node.text() else { continue };
        if !fits(&name) || !fits(&value) || !name.starts_with(char::is_lowercase) {
            node.complain(format!("label {name} = \"{value}\": lower-case letters, digits, _ and - only, at most 63, and a letter first"));
        }
        labels.insert(name, value);
    }
    labels
}
