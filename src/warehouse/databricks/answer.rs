//! What the server says, as far as it is listened to. Only a statement's id and state are always there.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// The answer to a submission, and to every look at a statement.
#[derive(Debug, Deserialize)]
pub(super) struct Statement {
    pub(super) statement_id: String,
    pub(super) status: Status,
    pub(super) manifest: Option<Manifest>,
    pub(super) result: Option<Chunk>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub(super) state: String,
    pub(super) error: Option<Refusal>,
}

/// The server's word for a failure, and its sentence.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Refusal {
    pub(super) error_code: String,
    pub(super) message: String,
}

/// What the whole result is like.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    pub(super) schema: Schema,
    #[serde(default)]
    pub(super) total_chunk_count: u64,
    pub(super) total_row_count: u64,
    #[serde(default)]
    pub(super) truncated: bool,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) chunks: Vec<Part>,
}

/// A part of the rows, as the whole result is described.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Part {
    pub(super) chunk_index: u64,
    pub(super) row_count: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Schema {
    pub(super) column_count: Option<usize>,
    #[serde(default)]
    pub(super) columns: Vec<Column>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) type_name: String,
    pub(super) type_text: String,
    pub(super) type_scale: u32,
}

/// A part of the rows, or where it can be fetched.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk {
    pub(super) chunk_index: u64,
    pub(super) row_offset: u64,
    pub(super) row_count: u64,
    pub(super) next_chunk_index: Option<u64>,
    pub(super) data_array: Option<Vec<Row>>,
    pub(super) external_links: Option<Vec<Link>>,
}

/// A part of the rows in a store elsewhere.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Link {
    pub(super) chunk_index: u64,
    pub(super) row_offset: u64,
    pub(super) row_count: u64,
    pub(super) next_chunk_index: Option<u64>,
    pub(super) external_link: String,
    #[serde(deserialize_with = "or_none")]
    pub(super) http_headers: BTreeMap<String, String>,
}

/// Every value is a text, or null.
pub(super) type Row = Vec<Option<String>>;

/// A token of a service principal.
#[derive(Deserialize)]
pub(super) struct Token {
    pub(super) access_token: String,
    /// In seconds.
    #[serde(default, deserialize_with = "seconds")]
    pub(super) expires_in: u64,
}

/// Why there is none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NoToken {
    pub(super) error: String,
    pub(super) error_description: String,
}

/// What is null is empty.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A number, which some servers write as text or with a point.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| *number >= 0.0);
    // What is beyond the range ends at it.
    number.map(|number| number as u64).ok_or_else(|| D::Error::custom("`expires_in` is no number of seconds"))
}
