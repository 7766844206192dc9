//! What templates see of the project: outputs, spines, the scope.
//!
//! Expressions arrive rendered and guarded, so a template places them as they are.

use std::collections::BTreeMap;

use jiff::civil::Date;
use minijinja::context;
use minijinja::value::Value;

use super::{Part, RenderError, Renderer, literal};
use crate::model::catalogue::{Denominator, Excuse, KeyColumn, Lookback, Output, OutputRule, Over, Project, Spine, SpineSource, Subject};
use crate::model::coverage::{Figure, counts_suffice, figures, needs_periods};
use crate::model::date::Step;
use crate::model::number::Decimal;
use crate::model::reading::is_name;
use crate::model::scope::Scope;
use crate::model::table::Kind;
use crate::model::verdict::Level;

/// Templates get `none` for what is not there, and test for it.
pub(super) fn optional(value: Option<Value>) -> Value {
    value.unwrap_or_else(|| Value::from(()))
}

fn fraction(number: Decimal) -> Value {
    let (numerator, denominator) = number.fraction();
    // Integers beyond 64 bits print as text, never as floating-point numbers.
    context! { times => Value::from_safe_string(numerator.to_string()), over => Value::from_safe_string(denominator.to_string()) }
}

fn name(renderer: &Renderer<'_>, text: &str, declared: &str) -> Result<Value, RenderError> {
    literal::path(text, renderer.dialect).map_err(|error| RenderError::at(declared, super::describe(&error)))
}

/// A column's name, or an expression where it is more than a name.
pub(super) fn source(renderer: &Renderer<'_>, text: &str, declared: &str) -> Result<Value, RenderError> {
    if is_name(text) { name(renderer, text, declared) } else { renderer.expression(text, declared) }
}

fn key(renderer: &Renderer<'_>, columns: &[KeyColumn], declared: &str) -> Result<Vec<Value>, RenderError> {
    let column = |column: &KeyColumn| {
        let source = source(renderer, &column.source, declared)?;
        Ok(context! { name => column.name.as_str(), source, type => column.kind.name(), is_date => column.kind == Kind::Date })
    };
    columns.iter().map(column).collect()
}

pub(super) fn output(renderer: &Renderer<'_>, output: &Output, part: &Part, group: usize) -> Result<Value, RenderError> {
    let place = output.declared.as_str();
    let project = renderer.project;
    let spine = &project.spines[&output.spine];
    let expression = |text: &String| renderer.expression(text, place);
    let date = output.key.iter().find(|column| column.kind == Kind::Date);
    let grain: Vec<Value> = output.grain.iter().map(|column| source(renderer, column, place)).collect::<Result<_, _>>()?;
    let ranges: Vec<Value> =
        part.ranges.iter().map(|(from, to)| context! { from => literal::date(*from), to => literal::date(*to) }).collect();
    Ok(context! {
        name => output.name.as_str(),
        group,
        stage => output.stage.as_str(),
        stage_position => project.stage_position(&output.stage) + 1,
        table => output.table.as_str(),
        processor => output.processor.as_str(),
        spine => spine_value(renderer, spine)?,
        key => key(renderer, &output.key, place)?,
        date => optional(date.map(|column| source(renderer, &column.source, place)).transpose()?),
        date_name => optional(date.map(|column| Value::from(column.name.as_str()))),
        filter => optional(output.filter.as_ref().map(expression).transpose()?),
        grain,
        named => named(renderer, output)?,
        loaded_at => optional(output.loaded_at.as_ref().map(|text| source(renderer, text, place)).transpose()?),
        lookback => optional(keys_back(output.lookback.as_ref())),
        lookbacks => output.reads.iter().filter_map(|reads| Some((reads.output.clone(), keys_back(Some(&reads.lookback))?))).collect::<Value>(),
        counted => optional(counted(output, part)),
        distinct => !grain_is_checked(output, part),
        known_grain => known_grain(output),
        ranges,
        null_keys => !part.without_null_key,
        measures => measures(renderer, output)?,
        columns => scanned_columns(renderer, output)?,
        outside => outside(renderer, output)?,
        not_null => output.not_null.clone(),
        rows => rows(output),
        figures => figures(output).iter().map(|figure| figure_value(renderer, output, figure)).collect::<Result<Vec<Value>, _>>()?,
        rules => output.rules.iter().enumerate().map(|(index, rule)| key_rule(renderer, index, rule)).collect::<Result<Vec<Value>, _>>()?,
        usual => usual(renderer, output),
        not_expected => not_expected(renderer, output)?,
        first_keys => optional(output.not_expected.first_keys.map(Value::from)),
        last_due => optional(output.expected_by.last_due(renderer.scope.as_of, &renderer.scope.zone).map(literal::date)),
        due_when => optional(output.due_when.as_ref().map(expression).transpose()?),
        periods => needs_periods(output),
    })
}

/// The schema and name of the table whose rows the warehouse has counted, where its counts are to be read.
fn counted(output: &Output, part: &Part) -> Option<Value> {
    let (schema, table) = output.table.rsplit_once('.').filter(|_| part.counted && counts_suffice(output))?;
    Some(context! { schema, table })
}

/// How many dates are read, where it is dates that are counted.
fn keys_back(lookback: Option<&Lookback>) -> Option<Value> {
    if let Lookback::Keys(count) = lookback? { Some(Value::from(*count)) } else { None }
}

/// What two outputs must agree in to be compared with the spine at once: all that the comparison looks at, which is
/// everything but their table, the names of its columns, and what is read from it.
pub(super) fn likeness(output: &Output, part: &Part) -> String {
    let of_usual = output.rules.iter().any(|rule| rule.of == Some(Denominator::Usual));
    // The median is one output's own.
    let alone = if of_usual { output.name.as_str() } else { "" };
    let deadline = (output.retention, output.expected_by, &output.due_when);
    // The scans are put under each other column by column, so the order of the measures counts too.
    let measures: Vec<&String> = output.measures.keys().collect();
    let limits = (&output.rows, &output.not_expected, deadline);
    let grain = (grain_is_checked(output, part), known_grain(output));
    format!("{alone} {limits:?} {grain:?} {:?} {:?} {measures:?} {part:?}", figures(output), output.rules)
}

fn grain_is_checked(output: &Output, part: &Part) -> bool {
    !output.grain.is_empty() && !part.known_distinct
}

fn rows(output: &Output) -> Value {
    let range = &output.rows;
    let min = range.min.unwrap_or_else(|| Decimal::from(1));
    context! {
        min => fraction(min),
        max => optional(range.max.map(fraction)),
        per => optional(range.per.as_ref().map(|per| Value::from(per.as_str()))),
    }
}

/// Measures that rules use; what no rule judges is not read.
fn measures(renderer: &Renderer<'_>, output: &Output) -> Result<Vec<Value>, RenderError> {
    let used = |name: &str| {
        output
            .rules
            .iter()
            .any(|rule| rule.subject == Subject::Measure(name.to_owned()) || rule.of == Some(Denominator::Measure(name.to_owned())))
    };
    let measure = |(name, text): (&String, &String)| {
        let sql = renderer.expression(text, &output.declared)?;
        Ok(context! { name => format!("measure_{name}"), sql })
    };
    output.measures.iter().filter(|(name, _)| used(name)).map(measure).collect()
}

/// Columns whose values are counted, each once.
fn scanned_columns(renderer: &Renderer<'_>, output: &Output) -> Result<Vec<Value>, RenderError> {
    let mut names: Vec<&String> = Vec::new();
    let grain = output.not_null.iter().chain(&output.grain).chain(crate::model::coverage::null_subjects(output));
    for name in grain {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let column = |column: &&String| Ok(context! { name => known_name(column), sql => source(renderer, column, &output.declared)? });
    names.iter().map(column).collect()
}

/// Grain columns may be expressions, so their counters are named by what is left of them.
fn known_name(column: &str) -> String {
    format!("known_{}", column.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect::<String>().to_lowercase())
}

/// The counter of a grain of one column, which shows whether it is ever NULL.
fn known_grain(output: &Output) -> Option<String> {
    output.grain.first().filter(|_| output.grain.len() == 1).map(|column| known_name(column))
}

/// The NULLs of a column. The scan counts values, of which the rest follows, so that its text stays short.
fn nulls(column: &str) -> String {
    format!("(held.held_rows - held.{})", known_name(column))
}

/// The finite floating-point numbers.
const LOWEST: &str = "-1.7976931348623157e308";
const HIGHEST: &str = "1.7976931348623157e308";

fn outside(renderer: &Renderer<'_>, output: &Output) -> Result<Vec<Value>, RenderError> {
    // An open end is the greatest finite number, because NaN and infinity are no values in a range.
    let number = |n: Option<Decimal>, open: &str| Value::from_safe_string(n.map_or_else(|| open.to_owned(), |n| n.to_string()));
    let column = |(column, (low, high)): (&String, &(Option<Decimal>, Option<Decimal>))| {
        Ok(context! {
            name => outside_name(column),
            sql => source(renderer, column, &output.declared)?,
            low => number(*low, LOWEST),
            high => number(*high, HIGHEST),
        })
    };
    output.ranges.iter().map(column).collect()
}

fn outside_name(column: &str) -> String {
    known_name(column).replacen("known_", "outside_", 1)
}

/// One numbered figure: the counter that it shows, and the ranges of dates in which it stays NULL.
fn figure_value(renderer: &Renderer<'_>, output: &Output, figure: &Figure) -> Result<Value, RenderError> {
    let rule = |index: &usize| Some(&output.rules[*index]);
    let (kind, sql, rule) = match figure {
        Figure::Nulls(column) => ("nulls", nulls(column), None),
        Figure::Outside(column) => ("outside", format!("held.{}", outside_name(column)), None),
        Figure::Numerator(index) => ("number", subject(&output.rules[*index].subject), rule(index)),
        Figure::Denominator(index) => ("of", denominator(renderer, *index, &output.rules[*index])?, rule(index)),
    };
    let opening = rule.map(|rule| opening(renderer, rule)).unwrap_or_default();
    // A value may come later than its row, what identifies the row may not.
    let may_follow = matches!(figure, Figure::Nulls(column) if !output.grain.contains(column));
    Ok(context! { kind, sql => Value::from_safe_string(sql), opening, may_follow })
}

fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Rows => "held.held_rows".to_owned(),
        Subject::Measure(name) => format!("held.measure_{name}"),
        Subject::Nulls(column) => nulls(column),
    }
}

fn denominator(renderer: &Renderer<'_>, index: usize, rule: &OutputRule) -> Result<String, RenderError> {
    let weight = |weight: &str| name(renderer, weight, "").map(|name| format!("expected.{name}"));
    Ok(match &rule.of {
        Some(Denominator::Rows) | None => "held.held_rows".to_owned(),
        Some(Denominator::Measure(name)) => format!("held.measure_{name}"),
        Some(Denominator::Weight(name)) => weight(name)?,
        Some(Denominator::Usual) => match &rule.per {
            Some(per) => format!("usual_{index}.rate * {}", weight(per)?),
            None => format!("usual_{index}.rate"),
        },
    })
}

/// The first days of each season, in which a rule is not judged.
fn opening(renderer: &Renderer<'_>, rule: &OutputRule) -> Vec<Value> {
    rule.skip_first_days.map(|days| first_days(renderer.scope, days)).unwrap_or_default()
}

fn first_days(scope: &Scope, days: i32) -> Vec<Value> {
    let range = |season: &crate::model::scope::Season| {
        let end = season.start.checked_add(jiff::Span::new().days(days - 1)).unwrap_or(season.end).min(season.end);
        context! { from => literal::date(season.start), to => literal::date(end) }
    };
    scope.seasons.iter().map(range).collect()
}

/// A rule that is judged per key, as figures and integer factors; others are judged on sums.
fn key_rule(renderer: &Renderer<'_>, index: usize, rule: &OutputRule) -> Result<Value, RenderError> {
    let comparison = |(operator, number): &(&str, Decimal)| {
        let (numerator, denominator) = number.fraction();
        context! {
            operator => Value::from_safe_string((*operator).to_owned()),
            times => Value::from_safe_string(numerator.to_string()),
            over => Value::from_safe_string(denominator.to_string()),
        }
    };
    Ok(context! {
        judged => rule.over == Over::Key && rule.level != Level::Allow,
        number => Value::from_safe_string(subject(&rule.subject)),
        of => Value::from_safe_string(denominator(renderer, index, rule)?),
        share => rule.of.is_some(),
        highest => Value::from_safe_string(HIGHEST.to_owned()),
        comparisons => rule.bound.comparisons().iter().map(comparison).collect::<Vec<Value>>(),
        opening => opening(renderer, rule),
    })
}

/// The rules that compare with the usual, by position: what is measured, and the weight that normalises it.
fn usual(renderer: &Renderer<'_>, output: &Output) -> Vec<Value> {
    let of_usual = output.rules.iter().enumerate().filter(|(_, rule)| rule.of == Some(Denominator::Usual));
    let value = |(index, rule): (usize, &OutputRule)| {
        let per = rule.per.as_ref().and_then(|per| literal::path(per, renderer.dialect).ok());
        context! { index, sql => Value::from_safe_string(subject(&rule.subject)), per => optional(per) }
    };
    of_usual.map(value).collect()
}

/// The ranges, the earliest kept date and the condition that make a key of the spine one that is not expected here.
pub(super) fn not_expected(renderer: &Renderer<'_>, output: &Output) -> Result<Value, RenderError> {
    let declared = &output.not_expected;
    let mut ranges = declared.first_days.map(|days| first_days(renderer.scope, days)).unwrap_or_default();
    ranges.extend(declared.ranges.iter().map(|(from, to)| context! { from => literal::date(*from), to => literal::date(*to) }));
    let filter = declared.filter.as_ref().map(|text| renderer.expression(text, &output.declared)).transpose()?;
    let excuses: Vec<Value> = declared.excuses.iter().map(|one| excuse(renderer, one)).collect::<Result<_, _>>()?;
    Ok(context! { ranges, kept_since => optional(kept_since(renderer, output)), filter => optional(filter), excuses })
}

fn excuse(renderer: &Renderer<'_>, excuse: &Excuse) -> Result<Value, RenderError> {
    let place = excuse.declared.as_str();
    let (start, end) = (renderer.scope.start(), renderer.scope.end());
    Ok(context! {
        table => excuse.table.as_str(),
        key => key(renderer, &excuse.key, place)?,
        filter => optional(excuse.filter.as_ref().map(|text| renderer.expression(text, place)).transpose()?),
        start => literal::date(start),
        end => literal::date(end),
    })
}

/// The first date whose rows are not purged yet.
fn kept_since(renderer: &Renderer<'_>, output: &Output) -> Option<Value> {
    let days = jiff::Span::new().days(output.retention?);
    renderer.scope.as_of_date().checked_sub(days).ok().map(literal::date)
}

/// The columns and expressions that queries can be given by another name.
fn named(renderer: &Renderer<'_>, output: &Output) -> Result<Value, RenderError> {
    let column = |(name, text): (&String, &String)| Ok((name.clone(), source(renderer, text, &output.declared)?));
    output.columns.iter().map(column).collect::<Result<BTreeMap<String, Value>, _>>().map(Value::from)
}

pub(super) fn spine_value(renderer: &Renderer<'_>, spine: &Spine) -> Result<Value, RenderError> {
    let place = spine.declared.as_str();
    let weight = |(name, text): (&String, &String)| {
        let sql = match spine.source {
            SpineSource::Cross(_) => self::name(renderer, name, place)?,
            _ => renderer.expression(text, place)?,
        };
        Ok(context! { name => name.as_str(), sql })
    };
    let weights: Vec<Value> = spine.weights.iter().map(weight).collect::<Result<_, _>>()?;
    let attributes: Vec<Value> = spine.attributes.iter().map(weight).collect::<Result<_, _>>()?;
    let date = spine.date();
    let base = context! {
        name => spine.name.as_str(),
        key => key(renderer, &spine.key, place)?,
        weights,
        attributes,
        date_name => optional(date.map(|column| Value::from(column.name.as_str()))),
        date => optional(date.map(|column| source(renderer, &column.source, place)).transpose()?),
        filter => optional(spine.filter.as_ref().map(|text| renderer.expression(text, place)).transpose()?),
    };
    let own = spine_source(renderer, spine)?;
    Ok(context! { ..own, ..base })
}

fn spine_source(renderer: &Renderer<'_>, spine: &Spine) -> Result<Value, RenderError> {
    let project: &Project = renderer.project;
    Ok(match &spine.source {
        SpineSource::Table(table) => context! { kind => "table", table => table.as_str() },
        SpineSource::Sql { file, text } => {
            let file = file.display().to_string();
            context! { kind => "sql", sql => renderer.subquery(&file, text)? }
        }
        SpineSource::Output(name) => {
            let output = &project.outputs[name];
            let filter = output.filter.as_ref().map(|text| renderer.expression(text, &output.declared)).transpose()?;
            let date = output.key.iter().find(|column| column.kind == Kind::Date);
            context! {
                kind => "table",
                table => output.table.as_str(),
                date => optional(date.map(|column| source(renderer, &column.source, &output.declared)).transpose()?),
                filter => optional(filter),
            }
        }
        SpineSource::Values(values) => context! { kind => "values", values => values.clone() },
        SpineSource::Cross(parts) => {
            let parts: Vec<Value> = parts.iter().map(|part| spine_value(renderer, &project.spines[part])).collect::<Result<_, _>>()?;
            context! { kind => "cross", parts }
        }
        SpineSource::Calendar { step, anchor, until, weekdays } => {
            // Whole seasons, however narrow the range is: the first keys of a season are those of the season.
            let seasons = &renderer.scope.seasons;
            let first = seasons.first().map_or(Date::MIN, |season| season.start);
            let last = seasons.last().map_or(Date::MAX, |season| season.end);
            let anchor = anchor.unwrap_or(first);
            let steps = step.between(anchor, anchor.max(first), until.map_or(last, |until| until.min(last)));
            context! {
                kind => "calendar",
                anchor => literal::date(anchor),
                steps => optional(steps.map(|(first, last)| context! { first, last })),
                weekdays => weekdays.clone(),
                step => self::step(*step),
            }
        }
    })
}

/// A step as its unit, days or months, and how many of them it takes.
pub(super) fn step(step: Step) -> Value {
    let (unit, every) = match step {
        Step::Days(days) => ("days", days),
        Step::Months(months) => ("months", months),
    };
    context! { unit, every }
}
