//! Cuts a script into its statements, to say on which line one of them fails. Nothing here guards: scripts are the
//! user's own.

use super::{Dialect, scan};

/// The statements of a script, each with the line on which it begins, counted from 1. `None` where the text has
/// spellings on which engines disagree, so that its statements cannot be told for sure.
///
/// ```
/// use gapgate::model::sql::{Dialect, statements};
///
/// let script = "create table t (a text); -- one;\n\ninsert into t values (';');";
/// let expected = vec![(1, "create table t (a text)"), (3, "insert into t values (';')")];
/// assert_eq!(statements(script, Dialect::DuckDb), Some(expected));
/// ```
#[must_use]
pub fn statements(script: &str, dialect: Dialect) -> Option<Vec<(usize, &str)>> {
    let pieces = scan::scan(script, dialect).ok()?;
    let mut found = Vec::new();
    let mut first: Option<&scan::Piece<'_>> = None;
    for piece in pieces.iter().filter(|piece| !piece.is_comment()) {
        match (piece.is(";"), first) {
            (true, Some(start)) => {
                found.push((line(start), &script[start.offset..piece.offset]));
                first = None;
            }
            (false, None) => first = Some(piece),
            _ => {}
        }
    }
    found.extend(first.map(|start| (line(start), script[start.offset..].trim_end())));
    Some(found)
}

fn line(piece: &scan::Piece<'_>) -> usize {
    usize::try_from(piece.start.line).unwrap_or(1)
}
