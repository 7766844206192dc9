//! The grammars of the parser, with one addition: DuckDB writes `last_value(x ignore nulls)`, which fills gaps. A
//! wrapper must pass on every trait the wrapped grammar changes; one that is missed makes texts fail, never pass.

use std::any::TypeId;

use sqlparser::dialect::{BigQueryDialect, DatabricksDialect, Dialect as Grammar, DuckDbDialect, PostgreSqlDialect, SnowflakeDialect};

use super::Dialect;

impl Dialect {
    /// The grammar by which the parser reads it.
    pub(crate) fn grammar(self) -> &'static dyn Grammar {
        match self {
            Self::DuckDb => &DuckDb,
            Self::BigQuery => &BigQueryDialect,
            Self::Postgres => &PostgreSqlDialect {},
            Self::Databricks => &DatabricksDialect,
            Self::Snowflake => &SnowflakeDialect,
        }
    }
}

#[derive(Debug)]
struct DuckDb;

macro_rules! pass_on {
    ($($method:ident),* $(,)?) => {
        $(fn $method(&self) -> bool {
            DuckDbDialect.$method()
        })*
    };
}

impl Grammar for DuckDb {
    fn dialect(&self) -> TypeId {
        DuckDbDialect.dialect()
    }

    fn is_identifier_start(&self, character: char) -> bool {
        DuckDbDialect.is_identifier_start(character)
    }

    fn is_identifier_part(&self, character: char) -> bool {
        DuckDbDialect.is_identifier_part(character)
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        DuckDbDialect.identifier_quote_style(identifier)
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        true
    }

    pass_on!(
        supports_trailing_commas,
        supports_filter_during_aggregation,
        supports_group_by_expr,
        supports_bitwise_shift_operators,
        supports_named_fn_args_with_eq_operator,
        supports_named_fn_args_with_assignment_operator,
        supports_dictionary_syntax,
        support_map_literal_syntax,
        supports_lambda_functions,
        allow_extract_single_quotes,
        supports_array_typedef_with_brackets,
        supports_from_first_select,
        supports_order_by_all,
        supports_select_wildcard_exclude,
        supports_notnull_operator,
        supports_select_wildcard_replace,
        supports_comma_separated_trim,
        supports_numeric_literal_underscores,
    );
}
