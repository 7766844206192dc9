//! The keys of targets behind a network, whose engines know what they mean.

use super::parts::expand;
use super::toml::{Fields, Node};
use crate::model::catalogue::Source;
use crate::model::settings::Settings;
use crate::model::sql::Dialect;

const KEYS: [(Dialect, &[&str]); 2] = [
    (
        Dialect::Postgres,
        &["url", "host", "port", "user", "password", "dbname", "options", "sslmode", "sslrootcert", "connect_timeout", "application_name"],
    ),
    (Dialect::Databricks, &["host", "warehouse_id", "http_path", "catalog", "schema", "token", "client_id", "client_secret", "max_rows"]),
];

/// How such an engine is reached. `None` if that was complained of.
pub(super) fn source(dialect: Option<Dialect>, fields: &Fields<'_>) -> Option<Source> {
    let keys = KEYS.iter().filter(|(engine, _)| dialect.is_none_or(|dialect| dialect == *engine)).flat_map(|(_, keys)| keys.iter());
    let given: Vec<(&'static str, Node<'_>)> = keys.filter_map(|key| Some((*key, fields.get(key)?))).collect();
    let value = |node: &Node<'_>| if node.is_text() { expand(node) } else { node.number().map(|number| Ok(number.to_string())) };
    let values: Vec<(&'static str, Result<String, String>)> =
        given.iter().map(|(key, node)| Some((*key, value(node)?))).collect::<Option<_>>()?;
    let settings = values.into_iter().map(|(key, value)| Ok((key, value?))).collect::<Result<Settings, String>>();
    Some(settings.map_or_else(Source::Unset, Source::Remote))
}
