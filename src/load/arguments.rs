//! `NAME=VALUE` words as the arguments of a query.

use indexmap::IndexMap;

use crate::error::{Error, did_you_mean};
use crate::model::catalogue::Argument;
use crate::model::query::{ParamKind, Query};

/// Each word as the value of a parameter, in the parameter's type; commas separate the items of a list.
///
/// # Errors
/// [`Error::Usage`] for a word without `=`, an unknown parameter, or a value of another type.
pub fn parse(query: &Query, words: &[String]) -> Result<IndexMap<String, Argument>, Error> {
    let mut args = IndexMap::new();
    for word in words {
        let Some((name, value)) = word.split_once('=') else {
            return Err(Error::Usage(format!("`{word}` is no argument; write NAME=VALUE")));
        };
        let Some(param) = query.params.get(name) else {
            let known: Vec<&str> = query.params.keys().map(String::as_str).collect();
            return Err(Error::Usage(format!(
                "{} has no parameter \"{name}\"{}; known: {}",
                query.id,
                did_you_mean(name, known.iter().copied()),
                known.join(", ")
            )));
        };
        args.insert(name.to_owned(), argument(name, value, param.kind)?);
    }
    Ok(args)
}

fn argument(name: &str, value: &str, kind: ParamKind) -> Result<Argument, Error> {
    let wrong = || Error::Usage(format!("{name}: `{value}` is not of type {}", kind.name()));
    let list = || Argument::List(value.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect());
    Ok(match kind {
        ParamKind::Output | ParamKind::Text | ParamKind::Expression | ParamKind::Date | ParamKind::Moment | ParamKind::Step => {
            Argument::Text(value.to_owned())
        }
        ParamKind::Outputs | ParamKind::Processors | ParamKind::Upstreams | ParamKind::Texts => list(),
        ParamKind::Int => Argument::Int(value.parse().map_err(|_| wrong())?),
        ParamKind::Number => Argument::Number(value.parse().map_err(|_| wrong())?),
        ParamKind::Bool => Argument::Bool(value.parse().map_err(|_| wrong())?),
    })
}
