//! The retry list and result tables as JSON: an object per line, or one array of the same objects.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use crate::model::coverage::Class;
use crate::model::retry::RetryItem;
use crate::model::table::{Column, Table, Value};

/// The retry list, one object per line.
pub fn retry(list: &[RetryItem]) -> String {
    lines(list.iter().map(Item::of))
}

/// The retry list as one array.
pub fn retry_array(list: &[RetryItem]) -> String {
    bracketed(list.iter().map(Item::of))
}

/// The rows of a result, one object per line.
pub fn table(table: &Table) -> String {
    let columns = distinct(table.columns());
    lines(table.rows().map(|values| Object { columns: &columns, values }))
}

/// The rows of a result as one array.
pub fn array(table: &Table) -> String {
    let columns = distinct(table.columns());
    bracketed(table.rows().map(|values| Object { columns: &columns, values }))
}

/// Values under the names of their columns.
pub(super) struct Object<'a> {
    pub(super) columns: &'a [Column],
    pub(super) values: &'a [Value],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.columns.iter().map(|column| &column.name).zip(self.values))
    }
}

#[derive(Serialize)]
struct Item<'a> {
    stage: &'a str,
    output: &'a str,
    key: Object<'a>,
    class: Class,
    reason: &'a str,
    attempts: Option<u64>,
    last: Option<&'a str>,
}

impl<'a> Item<'a> {
    fn of(item: &'a RetryItem) -> Self {
        Self {
            stage: &item.stage,
            output: &item.output,
            key: Object { columns: &item.columns, values: &item.key },
            class: item.class,
            reason: &item.reason,
            attempts: item.attempts,
            last: item.last.as_deref(),
        }
    }
}

/// The columns with names that differ: of two members of one name most readers of JSON drop the first.
fn distinct(columns: &[Column]) -> Vec<Column> {
    let mut taken: BTreeSet<String> = columns.iter().map(|column| column.name.clone()).collect();
    let mut seen = BTreeSet::new();
    let mut renamed = columns.to_vec();
    for column in renamed.iter_mut().filter(|column| !seen.insert(column.name.clone())) {
        let mut number = 2;
        while !taken.insert(format!("{}_{number}", column.name)) {
            number += 1;
        }
        column.name = format!("{}_{number}", column.name);
    }
    renamed
}

fn lines(objects: impl Iterator<Item = impl Serialize>) -> String {
    let mut text = String::new();
    for object in objects {
        text.push_str(&json(&object));
        text.push('\n');
    }
    text
}

fn bracketed(objects: impl Iterator<Item = impl Serialize>) -> String {
    let mut text = String::from("[");
    for (number, object) in objects.enumerate() {
        text.push_str(if number == 0 { "\n" } else { ",\n" });
        text.push_str(&json(&object));
    }
    text.push_str(if text.len() == 1 { "]\n" } else { "\n]\n" });
    text
}

fn json(object: &impl Serialize) -> String {
    serde_json::to_string(object).expect("every member is named by text, and nothing else can fail in memory")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{array, retry, retry_array, table};
    use crate::model::coverage::Class;
    use crate::model::retry::RetryItem;
    use crate::model::table::{Column, Kind, Table, Value};

    fn column(name: &str, kind: Kind) -> Column {
        Column { name: name.to_owned(), kind }
    }

    #[test]
    fn an_item_is_one_line() {
        let item = RetryItem {
            stage: "raw".to_owned(),
            output: "prices".to_owned(),
            columns: [column("day", Kind::Date)].as_slice().into(),
            key: [Value::Date(date(2024, 1, 2))].into(),
            class: Class::Missing,
            reason: "no rows".into(),
            attempts: None,
            last: None,
            position: Some(1),
        };
        let line = r#"{"stage":"raw","output":"prices","key":{"day":"2024-01-02"},"class":"missing","reason":"no rows","attempts":null,"last":null}"#;
        assert_eq!(retry(std::slice::from_ref(&item)), format!("{line}\n"));
        assert_eq!(retry_array(&[item.clone(), item]), format!("[\n{line},\n{line}\n]\n"));
        assert_eq!(retry_array(&[]), "[]\n");
    }

    #[test]
    fn columns_of_one_name_are_told_apart() {
        let mut rows = Table::new(["a", "a", "a_2"].map(|name| column(name, Kind::Int)).to_vec());
        rows.push([Value::Int(1), Value::Null, Value::Int(3)]);
        assert_eq!(table(&rows), "{\"a\":1,\"a_3\":null,\"a_2\":3}\n");
        assert_eq!(array(&rows), "[\n{\"a\":1,\"a_3\":null,\"a_2\":3}\n]\n");
    }
}
