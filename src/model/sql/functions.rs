//! Which functions may be called. A scalar function is allowed unless a rule speaks against it; a function in FROM is
//! refused unless it is listed; a qualified one is someone's own code and is refused unless its schema is built in.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Spanned};

use super::{Dialect, Place, Refusal, place, scan::Piece};

/// What a group of functions does, and their names between spaces; `*` stands for anything at the start or end.
type Rule = (&'static str, &'static str);

const RUNS_CODE: &str = "runs code or SQL given as text";
const FILES: &str = "reads or writes files";
const NETWORK: &str = "calls other services";
const SECRETS: &str = "reads secrets or settings";
const SESSION: &str = "changes or inspects sessions or storage";
const SEQUENCE: &str = "uses a sequence";
const WAITS: &str = "waits or locks";
const OWN: &str = "is qualified, so it may be someone's own code";

const COMMON: &[Rule] = &[
    (RUNS_CODE, "exec exec_* execute execute_* *_execute eval eval_* shell shell_*"),
    (NETWORK, "http http_* https_* curl curl_* url_get ai_* remote_*"),
    (SECRETS, "getenv get_env secret secret_* get_secret current_setting"),
    (SEQUENCE, "nextval setval currval lastval"),
    (SESSION, "setseed set_config kill kill_*"),
    (WAITS, "sleep sleep_* *_sleep benchmark get_lock release_lock"),
];

const DUCKDB: &[Rule] = &[
    (
        RUNS_CODE,
        "
        query query_table *_query json_execute_* *_substrait *_substrait_json python_* pragma_* sql_auto_complete
        json_serialize_plan parse_duckdb_* shellfs*",
    ),
    (
        FILES,
        "
        read_* *_scan *_scan_dumb scan_* glob sniff_* write_* *_attach attach_* detach_* parquet_* iceberg_* delta_*
        ducklake_* unity_* shapefile_* st_read* st_write* st_drivers add_parquet_key copy_* export_* import_* file_*
        list_files ls lsr open_prompt* xlsx_* excel_*",
    ),
    (NETWORK, "bigquery_* *_clear_cache load_* install_* aws_* azure_* s3_* webbed_* quack_*"),
    (SECRETS, "duckdb_secret* which_secret duckdb_settings duckdb_log* duckdb_variables getvariable"),
    (
        SESSION,
        "
        checkpoint force_checkpoint enable_* disable_* truncate_* set_log* reset_* create_* drop_* alter_* dbgen
        dsdgen vacuum hnsw_* duckdb_external_file_cache duckdb_memory duckdb_temporary_files
        duckdb_prepared_statements cache_* icu_load*",
    ),
];

const POSTGRES: &[Rule] = &[
    (
        RUNS_CODE,
        "
        query_to_* table_to_xml* cursor_to_* schema_to_* database_to_* ts_stat ts_rewrite crosstab* connectby
        xpath_table xslt_process run_command_* master_* do plpgsql* plpython* plv8* plperl* *_call_handler
        *_inline_handler *_validator snapshot_*",
    ),
    (FILES, "pg_* lo_* loread lowrite lo ora_* file_fdw* bt_* verify_* gin_* brin_* gist_*"),
    (NETWORK, "dblink* postgres_fdw* aws_* google_* azure_* mysql_fdw* net_*"),
    (
        SESSION,
        "
        txid_* binary_upgrade_* create_* drop_* alter_* add_* remove_* refresh_* decompress_* compress_* citus_*
        undistribute_* currtid* suppress_* *_recheck autoprewarm* reset_* set_chunk* set_adaptive* set_integer*
        set_limit set_partition* set_number* show_* lock_* unlock_* tsvector_update* inet_server_* inet_client_*",
    ),
];

/// The functions `pg_*` that only compute or look up sizes, names and definitions.
const POSTGRES_HARMLESS: &str = "
        pg_typeof pg_column_size pg_column_compression pg_relation_size pg_table_size pg_indexes_size
        pg_total_relation_size pg_database_size pg_size_pretty pg_size_bytes pg_get_viewdef pg_get_indexdef
        pg_get_constraintdef pg_get_expr pg_get_partkeydef pg_get_partition_constraintdef pg_table_is_visible
        pg_partition_tree pg_partition_ancestors pg_partition_root pg_encoding_to_char pg_char_to_encoding
        pg_collation_for pg_is_in_recovery pg_last_xact_replay_timestamp pg_postmaster_start_time";

/// In Postgres `(x).f` and `x.f` can call f; these are too dangerous to be columns.
const POSTGRES_NOT_FIELDS: &str = "
        pg_* lo_* loread lowrite nextval currval lastval setseed txid_* dblink* query_to_* table_to_xml* schema_to_*
        database_to_* cursor_to_* ts_stat crosstab* current_setting";

const BIGQUERY: &[Rule] = &[(NETWORK, "external_query dlp_* vector_search ml_* remote_*"), (RUNS_CODE, "execute_* load_* export_* js_*")];

const DATABRICKS: &[Rule] = &[
    (RUNS_CODE, "reflect try_reflect java_method identifier call_function python_* py_* udf"),
    (FILES, "read_* cloud_files cloud_files_* list_files input_file* from_protobuf to_protobuf files"),
    (NETWORK, "remote_query http_request vector_search from_avro to_avro ai_* genai_* kafka_* vs_*"),
    (SECRETS, "try_secret list_secrets get_secret* *_credential *_credentials getargument try_getargument"),
    (SESSION, "event_log perform_* get_event_log create_* drop_* set_* vacuum optimize*"),
];

const SNOWFLAKE: &[Rule] = &[
    (RUNS_CODE, "identifier to_query result_scan system* procedure*"),
    (
        FILES,
        "
        get_presigned_url build_scoped_file_url build_stage_file_url get_stage_location get_relative_path
        get_absolute_path directory infer_schema generate_column_description to_file try_to_file read_* fl_* parse_document
        stage_* load_* copy_*",
    ),
    (
        NETWORK,
        "
        complete try_complete cortex_* embed_text* search_preview finetune summarize classify_text extract_answer
        sentiment send_* notification_* email_* external_*",
    ),
    (SECRETS, "getvariable get_ddl list_secrets policy_* *_credential *_credentials"),
    (SESSION, "getnextval create_* drop_* alter_* set_* cancel_* task_* validate*"),
];

const fn rules(dialect: Dialect) -> &'static [Rule] {
    match dialect {
        Dialect::DuckDb => DUCKDB,
        Dialect::BigQuery => BIGQUERY,
        Dialect::Postgres => POSTGRES,
        Dialect::Databricks => DATABRICKS,
        Dialect::Snowflake => SNOWFLAKE,
    }
}

/// The functions that may stand in FROM.
const fn series(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::DuckDb => {
            "
        unnest range generate_series generate_subscripts json_each json_tree flatten duckdb_tables duckdb_columns
        duckdb_views duckdb_schemas duckdb_constraints duckdb_indexes duckdb_types"
        }
        Dialect::BigQuery => "unnest gap_fill range_sessionize",
        Dialect::Postgres => {
            "
        unnest generate_series generate_subscripts json_each json_each_text jsonb_each jsonb_each_text
        json_array_elements json_array_elements_text jsonb_array_elements jsonb_array_elements_text json_object_keys
        jsonb_object_keys json_to_record json_to_recordset jsonb_to_record jsonb_to_recordset jsonb_path_query
        regexp_matches regexp_split_to_table string_to_table pg_partition_tree pg_partition_ancestors"
        }
        Dialect::Databricks => {
            "
        explode explode_outer posexplode posexplode_outer inline inline_outer stack json_tuple range sequence
        variant_explode variant_explode_outer"
        }
        Dialect::Snowflake => "flatten generator split_to_table strtok_split_to_table",
    }
}

/// The schemas of built-in functions, with the functions that may be called; an empty list means all that no rule
/// speaks against.
const fn schemas(dialect: Dialect) -> &'static [(&'static str, &'static str)] {
    match dialect {
        Dialect::DuckDb => &[("main", ""), ("system.main", ""), ("pg_catalog", "")],
        Dialect::Postgres => &[("pg_catalog", "")],
        Dialect::Databricks => &[("builtin", ""), ("system.builtin", "")],
        Dialect::Snowflake => &[],
        Dialect::BigQuery => &[
            ("safe", ""),
            (
                "net",
                "
        host public_suffix reg_domain ip_from_string ip_net_mask ip_to_string ip_trunc ipv4_from_int64 ipv4_to_int64
        safe_ip_from_string",
            ),
            ("hll_count", "init merge merge_partial extract"),
            (
                "kll_quantiles",
                "
        init_int64 init_float64 merge_int64 merge_float64 merge_point_int64 merge_point_float64 merge_partial
        extract_int64 extract_float64 extract_point_int64 extract_point_float64",
            ),
        ],
    }
}

/// Checks a function by its full name, called in an expression.
pub(super) fn check_scalar(name: &ObjectName, dialect: Dialect) -> Result<(), Refusal> {
    let call = Call::new(name);
    let bare = call.bare(dialect)?;
    call.allowed(&bare, dialect)
}

/// Checks a function by its full name, called in FROM.
pub(super) fn check_table(name: &ObjectName, dialect: Dialect) -> Result<(), Refusal> {
    let call = Call::new(name);
    let bare = call.bare(dialect)?;
    if fits(series(dialect), &bare) {
        return Ok(());
    }
    call.allowed(&bare, dialect)?;
    Err(Refusal::TableFunction { at: call.at, name: call.written })
}

/// Checks a name before a parenthesis by its last part only, however the parser reads it.
pub(super) fn check_call(piece: &Piece<'_>, dialect: Dialect) -> Result<(), Refusal> {
    let unquoted = piece.text.trim_matches(['"', '`']).to_ascii_lowercase();
    let bare = unquoted.rsplit('.').next().unwrap_or_default();
    Call { at: piece.start, written: piece.text.to_owned(), parts: Vec::new() }.allowed(bare, dialect)
}

/// Checks the name of a field, which Postgres takes for a function if there is no such field. Snowflake's sequences count on
/// when such a field of theirs is read.
pub(super) fn check_field(field: &Ident, dialect: Dialect) -> Result<(), Refusal> {
    let name = field.value.to_ascii_lowercase();
    let risky = match dialect {
        Dialect::Postgres => fits(POSTGRES_NOT_FIELDS, &name) && !fits(POSTGRES_HARMLESS, &name),
        Dialect::Snowflake => name == "nextval",
        Dialect::DuckDb | Dialect::BigQuery | Dialect::Databricks => false,
    };
    if risky {
        let why = "can be called through a dot";
        return Err(Refusal::Function { at: place(field.span.start), name: field.to_string(), why });
    }
    Ok(())
}

struct Call {
    at: Place,
    written: String,
    parts: Vec<String>,
}

impl Call {
    fn new(name: &ObjectName) -> Self {
        // A back-ticked path is one identifier with dots in it.
        let parts = name.0.iter().flat_map(|part| match part {
            ObjectNamePart::Identifier(ident) => ident.value.to_ascii_lowercase().split('.').map(str::to_owned).collect(),
            ObjectNamePart::Function(_) => vec!["identifier".to_owned(), String::new()],
        });
        Self { at: place(name.span().start), written: name.to_string(), parts: parts.collect() }
    }

    /// The name without the schemas of built-in functions.
    fn bare(&self, dialect: Dialect) -> Result<String, Refusal> {
        let Some((last, schema)) = self.parts.split_last().filter(|(_, schema)| !schema.is_empty()) else {
            return Ok(self.parts.concat());
        };
        let mut schema = schema.join(".");
        // `safe.` goes before any other function, with or without a schema.
        if let (Dialect::BigQuery, Some(rest)) = (dialect, schema.strip_prefix("safe.")) {
            schema = rest.to_owned();
        }
        match schemas(dialect).iter().find(|(known, _)| *known == schema) {
            Some((_, names)) if names.is_empty() || fits(names, last) => Ok(last.clone()),
            _ => {
                self.allowed(last, dialect)?;
                Err(self.refuse(OWN))
            }
        }
    }

    fn allowed(&self, bare: &str, dialect: Dialect) -> Result<(), Refusal> {
        if !bare.is_ascii() {
            return Err(self.refuse("has a name with letters outside ASCII"));
        }
        if dialect == Dialect::Postgres && fits(POSTGRES_HARMLESS, bare) {
            return Ok(());
        }
        let mut all = rules(dialect).iter().chain(COMMON);
        match all.find(|(_, names)| fits(names, bare)) {
            Some((why, _)) => Err(self.refuse(why)),
            None => Ok(()),
        }
    }

    fn refuse(&self, why: &'static str) -> Refusal {
        Refusal::Function { at: self.at, name: self.written.clone(), why }
    }
}

/// Whether a name fits one of the patterns.
fn fits(patterns: &str, name: &str) -> bool {
    patterns.split_ascii_whitespace().any(|pattern| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => name == pattern,
    })
}
