//! What rules compare with: constants, or the values that a check gives to parameters of its query.

use std::cmp::Ordering;
use std::fmt;

use super::table::Value;

/// What a rule compares with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A constant.
    Is(Value),
    /// The value of this parameter of the query.
    Param(String),
}

impl Operand {
    /// The constant; an error for a parameter that was never bound.
    pub(super) fn value(&self) -> Result<&Value, String> {
        match self {
            Self::Is(value) => Ok(value),
            Self::Param(name) => Err(format!("parameter `{name}` has no value")),
        }
    }

    /// The parameter, if it is one.
    pub(super) fn param(&self) -> Option<&str> {
        match self {
            Self::Is(_) => None,
            Self::Param(name) => Some(name),
        }
    }

    /// The same with a constant in the parameter's place; `None` if the parameter has no value.
    pub(super) fn bind(&self, value: &impl Fn(&str) -> Option<Value>) -> Option<Self> {
        match self {
            Self::Is(_) => Some(self.clone()),
            Self::Param(name) => value(name).map(Self::Is),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(value) => value.fmt(f),
            Self::Param(name) => f.write_str(name),
        }
    }
}

/// A comparison of a value with others that are the same for all rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// `>=`
    AtLeast(Operand),
    /// `<=`
    AtMost(Operand),
    /// `>`
    Above(Operand),
    /// `<`
    Below(Operand),
    /// `=`
    Equals(Operand),
    /// Both ends included.
    Between(Operand, Operand),
}

impl Test {
    pub(super) fn describe(&self) -> String {
        match self {
            Self::AtLeast(value) => format!("at least {value}"),
            Self::AtMost(value) => format!("at most {value}"),
            Self::Above(value) => format!("above {value}"),
            Self::Below(value) => format!("below {value}"),
            Self::Equals(value) => format!("exactly {value}"),
            Self::Between(low, high) => format!("between {low} and {high}"),
        }
    }

    pub(super) fn operands(&self) -> Vec<&Operand> {
        match self {
            Self::AtLeast(a) | Self::AtMost(a) | Self::Above(a) | Self::Below(a) | Self::Equals(a) => vec![a],
            Self::Between(low, high) => vec![low, high],
        }
    }

    pub(super) fn bind(&self, value: &impl Fn(&str) -> Option<Value>) -> Option<Self> {
        Some(match self {
            Self::AtLeast(a) => Self::AtLeast(a.bind(value)?),
            Self::AtMost(a) => Self::AtMost(a.bind(value)?),
            Self::Above(a) => Self::Above(a.bind(value)?),
            Self::Below(a) => Self::Below(a.bind(value)?),
            Self::Equals(a) => Self::Equals(a.bind(value)?),
            Self::Between(low, high) => Self::Between(low.bind(value)?, high.bind(value)?),
        })
    }

    /// Whether the value passes; an error if the types do not compare. NULL does not pass.
    pub(super) fn holds(&self, value: &Value) -> Result<bool, String> {
        let check = |bound: &Operand, wanted: fn(Ordering) -> bool| {
            let bound = bound.value()?;
            match value.compare(bound) {
                Some(order) => Ok(wanted(order)),
                None if value.is_null() => Ok(false),
                None => Err(format!("a {} does not compare with a {}", value.type_name(), bound.type_name())),
            }
        };
        match self {
            Self::AtLeast(bound) => check(bound, Ordering::is_ge),
            Self::AtMost(bound) => check(bound, Ordering::is_le),
            Self::Above(bound) => check(bound, Ordering::is_gt),
            Self::Below(bound) => check(bound, Ordering::is_lt),
            Self::Equals(bound) => check(bound, Ordering::is_eq),
            Self::Between(low, high) => Ok(check(low, Ordering::is_ge)? && check(high, Ordering::is_le)?),
        }
    }
}
