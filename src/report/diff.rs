//! What differs between a reviewed snapshot and the present answer: rows by their key, everything else line by line.

use std::fmt::Write as _;

use similar::{Algorithm, ChangeTag, DiffTag, TextDiff, capture_diff_slices};

use super::snapshot::{Cells, parts};
use super::visible;

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

/// The difference of two snapshot texts. `key` names the columns that identify a row, if the query says so.
pub fn bodies(old: &str, new: &str, key: &[String], colour: bool) -> String {
    let (Some((old_said, old_rows)), Some((new_said, new_rows))) = (parts(old), parts(new)) else {
        return lines(old, new, colour);
    };
    let said = lines(&old_said.join("\n"), &new_said.join("\n"), colour);
    let text = said + &rows(&old_rows, &new_rows, key, colour);
    // Where no cell differs, the spaces between them do.
    if text.is_empty() { lines(old, new, colour) } else { text }
}

/// The lines that differ, with a few around them.
pub fn lines(old: &str, new: &str, colour: bool) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut text = String::new();
    for (number, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if number > 0 {
            text.push_str("  ...\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            push(&mut text, sign, change.value().trim_end_matches('\n'), colour);
        }
    }
    text
}

/// Rows that were added, removed or changed. A row is changed if its key stays and other cells do not.
pub fn rows(old: &Cells, new: &Cells, key: &[String], colour: bool) -> String {
    let (mut heading, mut text) = (String::new(), String::new());
    if old.columns != new.columns {
        push(&mut heading, '-', &old.columns.join(" | "), colour);
        push(&mut heading, '+', &new.columns.join(" | "), colour);
    }
    let shared: Vec<(usize, usize)> = shared(old, new);
    if shared.is_empty() {
        old.rows.iter().for_each(|row| push(&mut text, '-', &row.join(" | "), colour));
        new.rows.iter().for_each(|row| push(&mut text, '+', &row.join(" | "), colour));
        return heading + &text;
    }
    let key = key_of(old, new, &shared, key);
    let keys = |rows: &[Vec<String>], at: &[usize]| -> Vec<Vec<String>> {
        rows.iter().map(|row| at.iter().map(|column| row[*column].clone()).collect()).collect()
    };
    let (old_key, new_key): (Vec<usize>, Vec<usize>) = key.iter().copied().unzip();
    let ops = capture_diff_slices(Algorithm::Myers, &keys(&old.rows, &old_key), &keys(&new.rows, &new_key));
    let mut same = 0;
    for op in ops {
        let (tag, before, after) = op.as_tag_tuple();
        if tag != DiffTag::Equal {
            before.for_each(|row| push(&mut text, '-', &old.rows[row].join(" | "), colour));
            after.for_each(|row| push(&mut text, '+', &new.rows[row].join(" | "), colour));
            continue;
        }
        for (before, after) in before.zip(after) {
            let (before, after) = (&old.rows[before], &new.rows[after]);
            let changed = shared.iter().filter(|(was, is)| before[*was] != after[*is]);
            let changed: Vec<String> =
                changed.map(|(was, is)| format!("{}: {} -> {}", name(&new.columns[*is]), before[*was], after[*is])).collect();
            if changed.is_empty() {
                same += 1;
            } else {
                let identity: Vec<&str> = new_key.iter().map(|column| after[*column].as_str()).collect();
                push(&mut text, '~', &format!("{}   {}", identity.join(" | "), changed.join(", ")), colour);
            }
        }
    }
    if text.is_empty() {
        return heading;
    }
    if heading.is_empty() {
        push(&mut heading, ' ', &new.columns.join(" | "), colour);
    }
    if same > 0 {
        let _ = writeln!(text, "  {} unchanged", crate::model::rule::count(same, "row"));
    }
    heading + &text
}

/// A column without its type.
fn name(column: &str) -> &str {
    column.rsplit_once(':').map_or(column, |(name, _)| name)
}

/// The columns that both have, by their positions.
fn shared(old: &Cells, new: &Cells) -> Vec<(usize, usize)> {
    let position = |column: &String| new.columns.iter().position(|other| name(other) == name(column));
    old.columns.iter().enumerate().filter_map(|(was, column)| Some((was, position(column)?))).collect()
}

/// The columns that identify a row: those that the query names, or the fewest of the first columns that no two rows
/// share, because a query is ordered by its key and begins with it. All columns if there are none.
fn key_of(old: &Cells, new: &Cells, shared: &[(usize, usize)], key: &[String]) -> Vec<(usize, usize)> {
    let of = |name_of_key: &String| shared.iter().find(|(was, _)| name(&old.columns[*was]) == *name_of_key).copied();
    let named: Option<Vec<(usize, usize)>> = key.iter().map(of).collect();
    let named = named.filter(|columns| !columns.is_empty());
    let prefixes = (1..shared.len()).map(|count| shared[..count].to_vec());
    let identifies = |columns: &Vec<(usize, usize)>| {
        distinct(&old.rows, columns.iter().map(|(was, _)| *was)) && distinct(&new.rows, columns.iter().map(|(_, is)| *is))
    };
    named.into_iter().chain(prefixes).find(identifies).unwrap_or_else(|| shared.to_vec())
}

fn distinct(rows: &[Vec<String>], columns: impl Iterator<Item = usize> + Clone) -> bool {
    let mut keys: Vec<Vec<&str>> = rows.iter().map(|row| columns.clone().map(|column| row[column].as_str()).collect()).collect();
    keys.sort_unstable();
    keys.windows(2).all(|pair| pair[0] != pair[1])
}

fn push(text: &mut String, sign: char, line: &str, colour: bool) {
    let code = match sign {
        '-' => "31",
        '+' => "32",
        '~' => "33",
        _ => "",
    };
    let line = visible(line);
    let _ = if colour && !code.is_empty() {
        writeln!(text, "\u{1b}[{code}m{sign} {line}\u{1b}[0m")
    } else {
        writeln!(text, "{}", format!("{sign} {line}").trim_end())
    };
}

#[cfg(test)]
mod tests {
    use super::bodies;

    const OLD: &str = "verdict: fail\n\noutput:text | day:date   | n:int\na | 2024-01-01 | 1\na | 2024-01-02 | 2\nb | 2024-01-01 | 3";

    #[test]
    fn rows_are_aligned_by_key() {
        let new = "verdict: pass\n\noutput:text | day:date   | n:int\na | 2024-01-02 | 5\nb | 2024-01-01 | 3\nb | 2024-01-09 | \"x | y\"";
        let key = ["output".to_owned(), "day".to_owned()];
        let expected = "\
- verdict: fail
+ verdict: pass
  output:text | day:date | n:int
- a | 2024-01-01 | 1
~ a | 2024-01-02   n: 2 -> 5
+ b | 2024-01-09 | \"x | y\"
  1 row unchanged
";
        assert_eq!(bodies(OLD, new, &key, false), expected);
        assert_eq!(bodies(OLD, new, &[], false), expected, "without a key the first columns that are distinct serve");
        assert_eq!(bodies(OLD, OLD, &key, false), "");
    }

    #[test]
    fn a_key_that_repeats_is_none() {
        let twice = format!("{OLD}\nb | 2024-01-01 | 3");
        assert_eq!(
            bodies(OLD, &twice, &["output".to_owned()], false),
            "  output:text | day:date | n:int\n+ b | 2024-01-01 | 3\n  3 rows unchanged\n"
        );
    }

    #[test]
    fn columns_that_change_are_said_and_the_others_compared() {
        let new = OLD.replace("n:int", "n:text").replace("| 3", "| 4");
        let expected = "\
- output:text | day:date | n:int
+ output:text | day:date | n:text
~ b | 2024-01-01   n: 3 -> 4
  2 rows unchanged
";
        assert_eq!(bodies(OLD, &new, &[], false), expected);
    }

    #[test]
    fn an_order_that_changes_is_a_difference() {
        let new = "verdict: fail\n\noutput:text | day:date   | n:int\nb | 2024-01-01 | 3\na | 2024-01-01 | 1\na | 2024-01-02 | 2";
        assert_eq!(
            bodies(OLD, new, &[], false),
            "  output:text | day:date | n:int\n+ b | 2024-01-01 | 3\n- b | 2024-01-01 | 3\n  2 rows unchanged\n"
        );
    }

    #[test]
    fn statements_are_compared_by_line() {
        let old = "-- a\nselect\n    1 as x\nfrom t";
        assert_eq!(bodies(old, &old.replace("1 as", "2 as"), &[], false), "  -- a\n  select\n-     1 as x\n+     2 as x\n  from t\n");
    }
}
