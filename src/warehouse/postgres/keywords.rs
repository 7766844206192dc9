//! How to reach a server, in the keywords of libpq: from the target, its connection string, the `PG*` variables and the
//! password file, in this order of precedence.
//!
//! A message never repeats a value, because a password that is not escaped ends up in the parts beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::settings::Settings;

/// The keywords that are understood, with the variable that stands in for each.
const KNOWN: [(&str, &str); 14] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("dbname", "PGDATABASE"),
    ("options", "PGOPTIONS"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("application_name", "PGAPPNAME"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("passfile", "PGPASSFILE"),
];

/// Keywords that change nothing here: the text is always UTF-8, GSS is never used, and connections are short-lived.
const WITHOUT_EFFECT: [&str; 9] = [
    "client_encoding",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "sslcompression",
    "tcp_user_timeout",
];

/// Keywords of libpq that would change whom or how to ask, and are not understood.
const UNSUPPORTED: [&str; 14] = [
    "krbsrvname",
    "load_balance_hosts",
    "require_auth",
    "requirepeer",
    "requiressl",
    "service",
    "sslcert",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslnegotiation",
    "sslpassword",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
];

/// What to do where a part of a connection string looks like another.
pub(super) const ESCAPE: &str =
    "in the user name, password and database name of a URL write % as %25, / as %2F, @ as %40, : as %3A, ? as %3F";

/// Keywords with their values; none is empty.
#[derive(Clone, Default)]
pub(super) struct Keywords(BTreeMap<&'static str, String>);

impl Keywords {
    /// Everything that is said about the connection. `environment` gives the value of a variable.
    ///
    /// # Errors
    /// What is wrong with the connection string or a variable, and what to do.
    pub(super) fn of(settings: &Settings, environment: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut keywords = Self::default();
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
        if variable("PGSERVICE").is_some() {
            return Err("PGSERVICE is set, and service files are not read: unset it, and name host and database".to_owned());
        }
        for (keyword, name) in KNOWN {
            keywords.set(keyword, variable(name));
        }
        if let Some(url) = settings.get("url") {
            keywords.read(url.trim())?;
        }
        for (keyword, _) in KNOWN {
            keywords.set(keyword, settings.get(keyword).map(str::to_owned));
        }
        Ok(keywords)
    }

    /// The value of a keyword.
    pub(super) fn get(&self, keyword: &str) -> Option<&str> {
        self.0.get(keyword).map(String::as_str)
    }

    fn set(&mut self, keyword: &'static str, value: Option<String>) {
        self.0.extend(value.filter(|value| !value.is_empty()).map(|value| (keyword, value)));
    }

    fn set_named(&mut self, name: &str, value: String) -> Result<(), String> {
        if let Some((keyword, _)) = KNOWN.iter().find(|(keyword, _)| *keyword == name) {
            self.set(keyword, Some(value));
            return Ok(());
        }
        if WITHOUT_EFFECT.contains(&name) {
            return Ok(());
        }
        Err(match UNSUPPORTED.iter().find(|keyword| **keyword == name) {
            Some(keyword) => format!("the connection string has `{keyword}`, which is not supported: remove it"),
            None => {
                let known: Vec<&str> = KNOWN.iter().map(|(keyword, _)| *keyword).collect();
                format!("the connection string has a parameter that is not known (known: {}); {ESCAPE}", known.join(", "))
            }
        })
    }

    fn read(&mut self, text: &str) -> Result<(), String> {
        if text.is_empty() {
            return Err("the connection string is empty".to_owned());
        }
        if let Some(rest) = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://")) {
            return self.read_url(rest);
        }
        if text.split_once("://").is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+')) {
            return Err("the connection string must begin with postgres:// or postgresql://".to_owned());
        }
        self.read_pairs(text)
    }

    /// `user:password@host:port,host:port/dbname?keyword=value&...`
    fn read_url(&mut self, text: &str) -> Result<(), String> {
        let (text, parameters) = text.split_once('?').unwrap_or((text, ""));
        let (authority, dbname) = text.split_once('/').unwrap_or((text, ""));
        if dbname.contains('@') || parameters.contains('@') {
            return Err(format!("the connection string has an @ behind the host; {ESCAPE}"));
        }
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let hosts: Vec<(&str, &str)> = hosts.split(',').map(host_and_port).collect();
        let list = |pick: fn(&(&str, &str)) -> String| hosts.iter().map(pick).collect::<Vec<_>>().join(",");
        let ports = list(|(_, port)| (*port).to_owned());
        self.set("user", Some(decoded(user)?));
        self.set("password", Some(decoded(password)?));
        self.set("host", Some(decoded(&list(|(host, _)| (*host).to_owned()))?));
        self.set("port", Some(ports).filter(|ports| ports.chars().any(|c| c != ',')));
        self.set("dbname", Some(decoded(dbname)?));
        for pair in parameters.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.set_named(&decoded(name)?, decoded(value)?)?;
        }
        Ok(())
    }

    /// `keyword=value keyword='a value'`
    fn read_pairs(&mut self, text: &str) -> Result<(), String> {
        let malformed = || "the connection string is neither postgres://... nor a list of keyword=value".to_owned();
        let mut rest = text;
        while !rest.is_empty() {
            let (name, behind) = rest.split_once('=').ok_or_else(malformed)?;
            let mut value = String::new();
            let mut letters = behind.trim_start().char_indices().peekable();
            let quoted = letters.next_if(|(_, c)| *c == '\'').is_some();
            let mut closed = !quoted;
            while let Some((_, letter)) = letters.next_if(|(_, c)| quoted || !c.is_whitespace()) {
                match letter {
                    '\'' if quoted => {
                        closed = true;
                        break;
                    }
                    '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
                    letter => value.push(letter),
                }
            }
            if !closed {
                return Err(malformed());
            }
            self.set_named(name.trim(), value)?;
            let end = letters.peek().map_or("", |(at, _)| &behind.trim_start()[*at..]);
            rest = end.trim_start();
        }
        Ok(())
    }

    /// The password that a password file has for this connection, and the file if it is ignored because others can read it.
    pub(super) fn saved_password(&self, user: &str, dbname: &str, home: Option<&Path>) -> (Option<String>, Option<PathBuf>) {
        let file = self.get("passfile").map(PathBuf::from).or_else(|| Some(home?.join(".pgpass")));
        let Some((file, text)) = file.and_then(|file| Some((file.clone(), std::fs::read_to_string(file).ok()?))) else {
            return (None, None);
        };
        if is_public(&file) {
            return (None, Some(file));
        }
        let first = |keyword, other| self.get(keyword).unwrap_or(other).split(',').next().unwrap_or(other).to_owned();
        let host = Some(first("host", "localhost")).filter(|host| !host.starts_with('/')).unwrap_or_else(|| "localhost".to_owned());
        let wanted = [host, first("port", "5432"), dbname.to_owned(), user.to_owned()];
        let password = text.lines().filter(|line| !line.starts_with('#')).map(fields).find_map(|fields| {
            let (password, place) = fields.split_last().filter(|(_, place)| place.len() == wanted.len())?;
            let fits = place.iter().zip(&wanted).all(|(field, wanted)| field == "*" || field == wanted);
            fits.then(|| password.clone())
        });
        (password, None)
    }
}

/// A host, in brackets if it is an IPv6 address, and what follows the colon.
fn host_and_port(text: &str) -> (&str, &str) {
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (host, rest.trim_start_matches(':'));
    }
    text.rsplit_once(':').unwrap_or((text, ""))
}

fn decoded(text: &str) -> Result<String, String> {
    let malformed = || format!("the connection string has a % that does not begin an escape; {ESCAPE}");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let byte = if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let (high, low) = (digit(rest.next()), digit(rest.next()));
            high.zip(low).map(|(high, low)| high * 16 + low).ok_or_else(malformed)?
        } else {
            byte
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).map_err(|_| malformed())
}

/// The fields of a line of a password file: between colons, with `\` before a colon or backslash of their own.
fn fields(line: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ':' if fields.len() < 4 => fields.push(std::mem::take(&mut field)),
            '\\' => field.extend(letters.next()),
            letter => field.push(letter),
        }
    }
    fields.push(field);
    fields
}

#[cfg(unix)]
fn is_public(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_public(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Keywords;
    use crate::model::settings::Settings;

    fn read(settings: &[(&'static str, &str)], environment: &[(&str, &str)]) -> Result<String, String> {
        let settings: Settings = settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let variable = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let keywords = Keywords::of(&settings, variable)?;
        Ok(keywords.0.iter().map(|(keyword, value)| format!("{keyword}={value}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn reads_what_libpq_reads() {
        for (url, found) in [
            (
                "postgres://app:s%40fe@db.example:6432/shop?sslmode=verify-full",
                "dbname=shop host=db.example password=s@fe port=6432 sslmode=verify-full user=app",
            ),
            ("postgresql://db.example", "host=db.example"),
            ("postgresql:///shop?host=/run/pg&options=-c%20geqo%3Doff", "dbname=shop host=/run/pg options=-c geqo=off"),
            ("postgresql://%2Frun%2Fpg/shop", "dbname=shop host=/run/pg"),
            ("postgres://app@[::1]:5433,two:5434/shop", "dbname=shop host=::1,two port=5433,5434 user=app"),
            ("postgres://app:p@ss@host/shop", "dbname=shop host=host password=p@ss user=app"),
            ("host=db.example  user = app keepalives=1", "host=db.example user=app"),
            ("host=db.example password='a \\'b\\\\' dbname=shop", "dbname=shop host=db.example password=a 'b\\"),
        ] {
            assert_eq!(read(&[("url", url)], &[]).as_deref(), Ok(found), "{url}");
        }
    }

    #[test]
    fn the_target_goes_before_its_url_and_that_before_the_environment() {
        let environment = [("PGHOST", "one"), ("PGUSER", "env"), ("PGPASSWORD", "kept"), ("PGDATABASE", "")];
        let settings = [("url", "postgres://url@two/shop"), ("host", "three")];
        assert_eq!(read(&settings, &environment), Ok("dbname=shop host=three password=kept user=url".to_owned()));
        let error = read(&[], &[("PGSERVICE", "prod")]).expect_err("it names another connection");
        assert!(error.contains("PGSERVICE"), "{error}");
    }

    #[test]
    fn a_message_never_repeats_what_may_be_a_piece_of_a_password() {
        for url in [
            "postgres://app:hush/hush@host/shop",
            "postgres://app:hush?hush=1@host/shop",
            "postgres://app:hush?hush=1",
            "postgres://app:hu%sh@host/shop",
            "postgresql+psycopg2://app:hush@host/shop",
            "host=h password=hush hush",
            "host=h password='hush",
            "host=h password=a hush=1",
            "hush",
        ] {
            let error = read(&[("url", url)], &[]).expect_err(url);
            assert!(!error.contains("hush"), "{url}: {error}");
        }
        let error = read(&[("url", "postgres://h/d?sslcert=c.pem")], &[]).expect_err("unsupported");
        assert!(error.contains("sslcert"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_password_file_is_read_when_it_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().expect("a folder");
        let file = home.path().join(".pgpass");
        fs::write(&file, "# all\nother:*:*:*:no\ndb:5432:shop:app:a\\:b:c\n*:*:*:app:rest\n").expect("a file");
        let keywords = |host: &str| {
            let settings: Settings = [("host", host.to_owned())].into_iter().collect();
            Keywords::of(&settings, |_| None).expect("keywords")
        };
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("permissions");
        let saved = |host: &str, user: &str| keywords(host).saved_password(user, "shop", Some(home.path())).0;
        assert_eq!(saved("db", "app").as_deref(), Some("a:b:c"));
        assert_eq!(saved("elsewhere", "app").as_deref(), Some("rest"));
        assert_eq!(saved("db", "nobody"), None);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("permissions");
        assert_eq!(keywords("db").saved_password("app", "shop", Some(home.path())), (None, Some(file)));
    }
}
