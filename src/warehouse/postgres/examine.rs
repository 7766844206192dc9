//! What stands in the way of a gate, or changes its answer unseen: rights on the tables, and how text is ordered.

use crate::model::report::Finding;
use crate::model::table::{Table, Value};
use crate::model::verdict::Verdict;
use crate::warehouse::QueryError;

/// Whether text is ordered by its bytes. Only then do all of these hold: dictionaries put small letters before large ones,
/// and signs before both.
const ORDER: &str = "select 'B' < 'a' and 'Z' < '_' and '_' < 'a' as is_by_bytes";

/// What the role may do to each table and view.
const RIGHTS: &str = "\
select
    namespaces.nspname || '.' || relations.relname as table_name,
    case when pg_table_is_visible(relations.oid) then relations.relname end as short_name,
    has_schema_privilege(namespaces.oid, 'usage') as may_look_there,
    has_any_column_privilege(relations.oid, 'select') as may_read,
    row_security_active(relations.oid) as is_filtered,
    has_table_privilege(relations.oid, 'insert, update, delete, truncate') as may_write,
    (
        select string_agg(cast(columns.attname as text), ', ' order by columns.attnum)
        from pg_attribute as columns
        where columns.attrelid = relations.oid
            and columns.attnum > 0
            and not columns.attisdropped
            and not has_column_privilege(relations.oid, columns.attnum, 'select')
    ) as hidden_columns,
    quote_ident(namespaces.nspname) || '.' || quote_ident(relations.relname) as quoted_name
from pg_class as relations
inner join pg_namespace as namespaces on namespaces.oid = relations.relnamespace
where relations.relkind in ('r', 'p', 'v', 'm', 'f')
    and namespaces.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
order by table_name";

/// What is found of the `named` tables, by asking the server at `place`.
///
/// # Errors
/// Why it cannot be asked.
pub(super) fn findings(ask: impl Fn(&str) -> Result<Table, QueryError>, named: &[&str], place: &str) -> Result<Vec<Finding>, QueryError> {
    let mut findings = vec![Finding::new(Verdict::Pass, "server", format!("answers at {place}"))];
    if ask(ORDER)?.rows().any(|row| row[0] != Value::Bool(true)) {
        let message = "text is ordered as in a dictionary, so rows whose keys differ in case or signs only can come in another order";
        let remedy = "nothing to do if no more than verdicts and counts are compared with other engines";
        findings.push(Finding::new(Verdict::Warn, "order", message).with_remedy(remedy));
    }
    let rights = ask(RIGHTS)?;
    let named: Vec<String> = named.iter().map(|name| name.to_lowercase()).collect();
    let is_meant = |row: &&[Value]| {
        let (name, short) = (row[0].to_string().to_lowercase(), row[1].as_text().map(str::to_lowercase));
        named.iter().any(|asked| *asked == name || asked.ends_with(&format!(".{name}")) || Some(asked) == short.as_ref())
    };
    let mut writable = Vec::new();
    for row in rights.rows().filter(is_meant) {
        findings.extend(fault(row).or_else(|| unreadable(&ask, row)));
        writable.extend((row[5] == Value::Bool(true)).then(|| row[0].to_string()));
    }
    if let Some(first) = writable.first() {
        let others = if writable.len() > 1 { format!(" and {} others", writable.len() - 1) } else { String::new() };
        let message = format!("the role may write to {first}{others}; gapgate does not, but needs no such right");
        findings.push(Finding::new(Verdict::Warn, "rights", message).with_remedy("connect as a role that may only read"));
    }
    Ok(findings)
}

/// Why a table cannot be read, if so.
fn fault(row: &[Value]) -> Option<Finding> {
    let name = &row[0];
    let schema = name.as_text().and_then(|name| name.split('.').next()).unwrap_or_default();
    let [may_look_there, may_read, is_filtered] = [2, 3, 4].map(|at| row[at] == Value::Bool(true));
    let (why, remedy) = if !may_look_there {
        (format!("{name} is in a schema that the role may not look into"), format!("grant usage on schema {schema} to the role"))
    } else if !may_read {
        (format!("{name} may not be read by the role"), format!("grant select on {name} to the role"))
    } else if is_filtered {
        (format!("{name} has a policy that hides rows from the role, so that statements are refused"), "give the role bypassrls".to_owned())
    } else {
        return None;
    };
    Some(Finding::undecided("rights", why).with_remedy(remedy))
}

/// What only the server can tell, as of a view over what its owner may not read, and the columns that are kept from the role.
fn unreadable(ask: impl Fn(&str) -> Result<Table, QueryError>, row: &[Value]) -> Option<Finding> {
    let (name, quoted) = (&row[0], &row[7]);
    if let Err(error) = ask(&format!("select 1 as one from {quoted} limit 0")) {
        return Some(Finding { message: format!("{name} cannot be read: {error}"), ..error.finding("rights") });
    }
    let columns = row[6].as_text()?;
    let finding = Finding::new(Verdict::Warn, "rights", format!("the role may not read these columns of {name}: {columns}"));
    Some(finding.with_remedy(format!("if the project reads them, grant select ({columns}) on {name} to the role")))
}
