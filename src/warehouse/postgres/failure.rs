//! What the server or the network says when something fails, in one line, with what to do where that is known.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

use crate::warehouse::QueryError;

const AGAIN: &str = "run it again";

pub(super) const UNREACHABLE: &str = "check host and port, and whether a firewall is in between";

/// Why a connection was refused.
pub(super) fn of_login(error: &Error) -> String {
    if let Some(refusal) = error.as_db_error() {
        return with_remedy(&spoken(refusal), login_remedy(refusal.code()));
    }
    let text = chain(error);
    let remedy = match text.as_str() {
        text if text.contains("refused") => "is the server running there? check host and port",
        text if text.contains("lookup") || text.contains("resolve") || text.contains("not known") => "check the spelling of host",
        text if text.contains("password missing") => "give `password` in the target, PGPASSWORD, or a password file",
        text if text.contains("UnknownIssuer") => "sslrootcert must hold the certificate of who signed the server's",
        text if text.contains("certificate") => "connect by the name that the certificate has, or ask for less with sslmode",
        text if text.contains("server does not support TLS") => {
            "use sslmode=prefer if the network is to be trusted, or switch `ssl` on in the server"
        }
        text if text.contains("timed out") || text.contains("unreachable") => UNREACHABLE,
        text if text.contains("No such file") => "no server listens at this socket",
        _ => "",
    };
    with_remedy(&text, remedy)
}

/// Why a statement failed.
pub(super) fn of_statement(error: &Error, place: &str) -> QueryError {
    let Some(refusal) = error.as_db_error() else {
        return QueryError::Explained { message: format!("the connection to {place} broke: {}", chain(error)), remedy: AGAIN.to_owned() };
    };
    match statement_remedy(refusal.code()) {
        "" => QueryError::Engine(spoken(refusal)),
        remedy => QueryError::Explained { message: spoken(refusal), remedy: remedy.to_owned() },
    }
}

/// Whether the refusal may be due to the connection being, or not being, encrypted.
pub(super) fn is_about_encryption(error: &Error) -> bool {
    match error.code() {
        Some(code) => *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        None => error.to_string().contains("TLS"),
    }
}

fn login_remedy(code: &SqlState) -> &'static str {
    match code.code() {
        "28P01" => "check `password` of the target, PGPASSWORD or the password file",
        "28000" => "the user must exist, may log in, and pg_hba.conf must allow it from here with this encryption",
        "3D000" => "check `dbname`",
        "42501" => "grant connect on the database to the user",
        "53300" => "lower --jobs, or raise max_connections of the server or the role",
        "57P03" => "the server is starting or stopping: try again soon",
        _ => "",
    }
}

fn statement_remedy(code: &SqlState) -> &'static str {
    match code.code() {
        "42501" => {
            "grant select on the table and usage on its schema to the user, or to the owner of the view, and bypassrls where rows are hidden"
        }
        "42P01" => "create or load it, or correct the name; Postgres tells letters apart where a name has capitals",
        "55P03" => "another session holds a lock on the table, as pg_locks tells: ask again when it is done",
        "57014" => "somebody cancelled it on the server, or its own time limit did: ask again",
        "42883" | "42804" | "42846" => "two types do not fit: cast one of them in the project file or the query",
        "53100" | "53200" | "53400" => "narrow the scope, or give the server more of it",
        "40001" | "40P01" | "57P01" | "57P02" => AGAIN,
        _ => "",
    }
}

/// The server's own words.
fn spoken(refusal: &DbError) -> String {
    let mut text = one_line(refusal.message());
    for more in [refusal.detail(), refusal.hint()].into_iter().flatten() {
        text = format!("{text}; {}", one_line(more).trim_end_matches('.'));
    }
    format!("{text} (SQLSTATE {})", refusal.code().code())
}

/// The error and what lies behind it.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = one_line(&cause.to_string());
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        source = cause.source();
    }
    text
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn with_remedy(text: &str, remedy: &str) -> String {
    if remedy.is_empty() { text.to_owned() } else { format!("{text}; {remedy}") }
}
