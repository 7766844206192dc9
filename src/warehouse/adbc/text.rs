//! Spellings of what has no place in a report: times, bytes, identifiers, lists and structures.

use arrow_array::{Array, ArrayRef, FixedSizeListArray, LargeListArray, ListArray, MapArray, StructArray};

use super::values::{Reader, Spelling};

/// `10:00:00`, with as many digits behind the point as needed.
pub(super) fn time(nanoseconds: i64) -> Option<String> {
    let whole = u64::try_from(nanoseconds).ok()?;
    let (seconds, fraction) = (whole / 1_000_000_000, whole % 1_000_000_000);
    let text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = format!(".{fraction:09}");
    Some(text + fraction.trim_end_matches('0').trim_end_matches('.'))
}

/// Two hexadecimal digits for each byte.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `8-4-4-4-12` hexadecimal digits.
pub(super) fn uuid(bytes: &[u8]) -> String {
    let digits = hexadecimal(bytes);
    let cut = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [cut(0, 8), cut(8, 12), cut(12, 16), cut(16, 20), cut(20, 32)].join("-")
}

/// `[1, 2, null]`, `{a: 1, b: x}`; `None` for arrays that hold nothing else.
pub(super) fn nested(array: &dyn Array, row: usize) -> Option<String> {
    let any = array.as_any();
    if let Some(lists) = any.downcast_ref::<ListArray>() {
        return list(&lists.value(row));
    }
    if let Some(lists) = any.downcast_ref::<LargeListArray>() {
        return list(&lists.value(row));
    }
    if let Some(lists) = any.downcast_ref::<FixedSizeListArray>() {
        return list(&lists.value(row));
    }
    if let Some(maps) = any.downcast_ref::<MapArray>() {
        let entries = maps.value(row);
        let [keys, values] = entries.columns() else { return None };
        let pair = |at| Some(format!("{}: {}", shown(keys, at)?, shown(values, at)?));
        return Some(format!("{{{}}}", (0..entries.len()).map(pair).collect::<Option<Vec<_>>>()?.join(", ")));
    }
    let structure = any.downcast_ref::<StructArray>()?;
    let fields = structure.column_names().into_iter().zip(structure.columns());
    let fields = fields.map(|(name, values)| Some(format!("{name}: {}", shown(values, row)?)));
    Some(format!("{{{}}}", fields.collect::<Option<Vec<_>>>()?.join(", ")))
}

pub(super) fn is_nested(array: &dyn Array) -> bool {
    let any = array.as_any();
    any.is::<ListArray>() || any.is::<LargeListArray>() || any.is::<FixedSizeListArray>() || any.is::<MapArray>() || any.is::<StructArray>()
}

fn list(values: &ArrayRef) -> Option<String> {
    let values: Option<Vec<String>> = (0..values.len()).map(|at| shown(values, at)).collect();
    Some(format!("[{}]", values?.join(", ")))
}

fn shown(array: &ArrayRef, row: usize) -> Option<String> {
    Some(Reader::of(array.as_ref(), Spelling::Plain)?.value(row)?.to_string())
}
