//! Whether BigQuery's own row counts per partition are row counts per date.

use super::answer::TableResource;

/// Whether the partitions of a table are the days of this column, and hold all of its rows. Of an external table, a view or
/// a table that is refreshed from elsewhere nothing is counted; rows that were streamed have no partition for a while; and
/// partitions that expire may be listed for longer than their rows can be read.
pub(super) fn are_days_of(table: &TableResource, column: &str) -> bool {
    let Some(partitioning) = &table.time_partitioning else { return false };
    // Without a column it is the day on which rows arrived.
    let is_column = partitioning.field.as_deref().is_some_and(|field| field.eq_ignore_ascii_case(column));
    let is_date = table.schema.fields.iter().any(|field| field.name.eq_ignore_ascii_case(column) && field.data_type == "DATE");
    let elsewhere = [&table.external_data_configuration, &table.biglake_configuration, &table.max_staleness];
    table.kind == "TABLE"
        && partitioning.kind == "DAY"
        && is_column
        && is_date
        && partitioning.expiration_ms.is_none()
        && table.streaming_buffer.is_none()
        && elsewhere.iter().all(|place| place.is_none())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::{TableResource, are_days_of};

    #[test]
    fn only_days_of_the_column_that_are_complete_count() {
        let table = json!({"type": "TABLE", "timePartitioning": {"type": "DAY", "field": "Sold_on"}, "etag": "x",
            "schema": {"fields": [{"name": "sold_on", "type": "DATE", "mode": "NULLABLE"}, {"name": "at", "type": "TIMESTAMP"}]}});
        let counts = |table: &Json, column: &str| {
            let table: TableResource = serde_json::from_value(table.clone()).expect("a table");
            are_days_of(&table, column)
        };
        assert!(counts(&table, "sold_on") && counts(&table, "SOLD_ON"));
        assert!(!counts(&table, "at") && !counts(&table, "amount") && !counts(&json!({}), "sold_on"));
        for (place, value) in [
            ("/type", json!("VIEW")),
            ("/type", json!("MATERIALIZED_VIEW")),
            ("/type", json!("EXTERNAL")),
            ("/type", json!("SNAPSHOT")),
            ("/timePartitioning", json!(null)),
            ("/timePartitioning", json!({"type": "HOUR", "field": "sold_on"})),
            ("/timePartitioning", json!({"type": "MONTH", "field": "sold_on"})),
            ("/timePartitioning", json!({"type": "DAY"})),
            ("/timePartitioning", json!({"type": "DAY", "field": "at"})),
            ("/timePartitioning", json!({"type": "DAY", "field": "sold_on", "expirationMs": "86400000"})),
            ("/schema/fields/0/type", json!("TIMESTAMP")),
            ("/schema/fields/0/type", json!("DATETIME")),
        ] {
            let mut other = table.clone();
            *other.pointer_mut(place).expect("a member") = value;
            assert!(!counts(&other, "sold_on"), "{other}");
        }
        for (name, value) in [
            ("streamingBuffer", json!({"estimatedRows": "0"})),
            ("externalDataConfiguration", json!({"sourceFormat": "CSV"})),
            ("biglakeConfiguration", json!({"tableFormat": "ICEBERG"})),
            ("maxStaleness", json!("0:15:0")),
        ] {
            let mut other = table.clone();
            other[name] = value;
            assert!(!counts(&other, "sold_on"), "{other}");
        }
    }
}
