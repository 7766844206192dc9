//! Which outputs are judged by nothing but how many rows each date has.

use crate::model::catalogue::{Denominator, Output, OutputRule, Subject};
use crate::model::reading::is_name;
use crate::model::table::Kind;

/// Whether the coverage of an output needs nothing of its table but the number of rows of each date, so that a warehouse
/// that keeps these numbers need not read the rows. The table must be named with its schema, where such numbers are kept.
pub fn counts_suffice(output: &Output) -> bool {
    // Every member is named, so that what is added some day is not taken for something that reads nothing.
    let Output {
        key,
        table,
        filter,
        grain,
        not_null,
        ranges,
        rules,
        // What the number of rows is compared with.
        rows: _,
        not_expected: _,
        retention: _,
        expected_by: _,
        due_when: _,
        extras: _,
        // Read by rules, which say so, and by other queries.
        measures: _,
        columns: _,
        loaded_at: _,
        // Nothing of the table.
        name: _,
        stage: _,
        spine: _,
        after: _,
        upstreams: _,
        reads: _,
        lookback: _,
        window: _,
        unavailable: _,
        processor: _,
        may_fail: _,
        tags: _,
        declared: _,
        places: _,
    } = output;
    let is_date = matches!(key.as_slice(), [date] if date.kind == Kind::Date && is_name(&date.source));
    is_date
        && table.contains('.')
        && filter.is_none()
        && grain.is_empty()
        && not_null.is_empty()
        && ranges.is_empty()
        && rules.iter().all(is_of_rows)
}

/// Whether a rule compares the number of rows with what no column is read for.
fn is_of_rows(rule: &OutputRule) -> bool {
    let OutputRule { subject, of, bound: _, per: _, over: _, skip_first_days: _, level: _ } = rule;
    let subject = match subject {
        Subject::Rows => true,
        Subject::Measure(_) | Subject::Nulls(_) => false,
    };
    let of = match of {
        None | Some(Denominator::Rows | Denominator::Weight(_) | Denominator::Usual) => true,
        Some(Denominator::Measure(_)) => false,
    };
    subject && of
}
