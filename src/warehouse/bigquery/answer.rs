//! What the server says, as far as it is read: members that are not named here may come and go.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A job, as `jobs.insert` and `jobs.get` describe it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Job {
    pub(super) job_reference: JobReference,
    pub(super) status: Status,
    pub(super) statistics: Statistics,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct JobReference {
    pub(super) job_id: Option<String>,
    pub(super) location: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Status {
    pub(super) state: String,
    pub(super) error_result: Option<Reason>,
    pub(super) errors: Vec<Reason>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Statistics {
    pub(super) total_bytes_processed: Option<String>,
    pub(super) query: QueryStatistics,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct QueryStatistics {
    pub(super) total_bytes_processed: Option<String>,
    pub(super) statement_type: Option<String>,
    pub(super) referenced_tables: Vec<TableReference>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TableReference {
    pub(super) project_id: String,
    pub(super) dataset_id: String,
    pub(super) table_id: String,
}

/// A dataset, as `datasets.get` describes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Dataset {
    pub(super) location: String,
}

/// A table, as `tables.get` describes it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TableResource {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) schema: Schema,
    pub(super) time_partitioning: Option<TimePartitioning>,
    pub(super) streaming_buffer: Option<IgnoredAny>,
    pub(super) external_data_configuration: Option<IgnoredAny>,
    pub(super) biglake_configuration: Option<IgnoredAny>,
    pub(super) max_staleness: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TimePartitioning {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) field: Option<String>,
    pub(super) expiration_ms: Option<IgnoredAny>,
}

/// One of the reasons for a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Reason {
    pub(super) reason: String,
    pub(super) message: String,
}

/// The body of an answer that is no success.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    pub(super) error: RefusalBody,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RefusalBody {
    pub(super) message: String,
    pub(super) status: String,
    pub(super) errors: Vec<Reason>,
}

/// A page of results, or word that there are none yet.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Page {
    pub(super) job_complete: Option<bool>,
    pub(super) job_reference: JobReference,
    pub(super) schema: Option<Schema>,
    pub(super) rows: Vec<Row>,
    pub(super) total_rows: Option<String>,
    pub(super) page_token: Option<String>,
    pub(super) errors: Vec<Reason>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Schema {
    pub(super) fields: Vec<Field>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Field {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) data_type: String,
    pub(super) mode: Option<String>,
    pub(super) fields: Vec<Field>,
}

/// A row: `{"f": [{"v": ...}, ...]}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Row {
    pub(super) f: Vec<Holder>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Holder {
    pub(super) v: Cell,
}

/// A cell as it is sent: scalars as text, structs as rows, arrays as lists of holders.
#[derive(Debug)]
pub(super) enum Cell {
    Null,
    Text(Box<str>),
    Struct(Vec<Self>),
    Array(Vec<Self>),
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cell")
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Null)
    }

    fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell::Text(text.into()))
    }

    // Emulators send numbers and truth values as such.
    fn visit_bool<E>(self, truth: bool) -> Result<Cell, E> {
        Ok(Cell::Text(truth.to_string().into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Cell, E> {
        Ok(Cell::Text(number.to_string().into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Cell, E> {
        Ok(Cell::Text(number.to_string().into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Cell, E> {
        Ok(Cell::Text(number.to_string().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cell, A::Error> {
        let mut cells = Vec::new();
        while let Some(holder) = list.next_element::<Holder>()? {
            cells.push(holder.v);
        }
        Ok(Cell::Array(cells))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
        let mut cells = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == "f" {
                cells = map.next_value::<Vec<Holder>>()?.into_iter().map(|holder| holder.v).collect();
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Cell::Struct(cells))
    }
}
