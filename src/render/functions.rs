//! What templates can call.

use minijinja::{Error, ErrorKind, Value, context};

/// Marks the error of a template that calls `fail`.
#[derive(Debug, thiserror::Error)]
#[error("refused by the template")]
struct Refused;

/// `fail("...")`: how a template refuses arguments that it has no answer for.
pub(super) fn fail(message: &str) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message.to_owned()).with_source(Refused))
}

/// `shared_key(output, other)`: the key columns that two outputs have in common, as the first one has them, and the other's
/// name and source of each. The dates of two outputs are one another's, whatever they are called.
pub(super) fn shared_key(output: &Value, other: &Value) -> Result<Value, Error> {
    let columns = |output: &Value| Ok::<Vec<Value>, Error>(output.get_attr("key")?.try_iter()?.collect());
    let others = columns(other)?;
    let mut shared = Vec::new();
    for column in columns(output)? {
        let is_date = column.get_attr("is_date")?.is_true();
        for other in &others {
            let same_name = other.get_attr("name")? == column.get_attr("name")?;
            if other.get_attr("is_date")?.is_true() == is_date && (is_date || same_name) {
                let (other_name, other_source) = (other.get_attr("name")?, other.get_attr("source")?);
                shared.push(context! { other_name, other_source, ..column.clone() });
            }
        }
    }
    Ok(Value::from(shared))
}

pub(super) fn is_refusal(error: &Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<Refused>())
}
