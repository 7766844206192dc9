//! Where the statements go, and as whom: from the target and the variables that Databricks' own tools read.

use crate::model::settings::Settings;

/// A SQL warehouse of a workspace. Its secrets are never printed.
pub(super) struct Workspace {
    /// `https://...` without a slash at the end.
    pub(super) base: String,
    pub(super) warehouse: String,
    /// The catalog of tables without one; the workspace's own if not given.
    pub(super) catalog: Option<String>,
    /// The schema of tables without one.
    pub(super) schema: Option<String>,
    /// The most rows of one result; beyond it nothing is judged.
    pub(super) max_rows: u64,
    pub(super) login: Login,
}

impl std::fmt::Debug for Workspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workspace").field("base", &self.base).field("warehouse", &self.warehouse).finish_non_exhaustive()
    }
}

/// Far more keys than a gate has, and no burden to hold.
const MAX_ROWS: u64 = 1_000_000;

/// As whom to ask.
pub(super) enum Login {
    /// A personal access token, or any other that lasts.
    Token(String),
    /// A service principal, whose tokens are asked for and last an hour.
    Client { id: String, secret: String },
}

/// Every key with the variable that stands in for it.
const VARIABLES: [(&str, &str); 6] = [
    ("host", "DATABRICKS_HOST"),
    ("warehouse_id", "DATABRICKS_WAREHOUSE_ID"),
    ("http_path", "DATABRICKS_HTTP_PATH"),
    ("token", "DATABRICKS_TOKEN"),
    ("client_id", "DATABRICKS_CLIENT_ID"),
    ("client_secret", "DATABRICKS_CLIENT_SECRET"),
];

impl Workspace {
    /// What the target says, and where it is silent the environment.
    ///
    /// # Errors
    /// What is missing or contradicts itself.
    pub(super) fn of(settings: &Settings, environment: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let own = |key: &str| settings.get(key).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let variable = |key: &str| {
            let (_, name) = VARIABLES.iter().find(|(known, _)| *known == key)?;
            environment(name).filter(|value| !value.is_empty())
        };
        let value = |key: &str| own(key).or_else(|| variable(key));
        let missing = |key: &str| format!("`{key}` is missing: name it in the target, or set {}", variable_of(key));
        let base = base(&value("host").ok_or_else(|| missing("host"))?)?;
        let place = own("warehouse_id").or_else(|| own("http_path")).or_else(|| value("warehouse_id")).or_else(|| value("http_path"));
        let warehouse = warehouse(&place.ok_or_else(|| missing("warehouse_id"))?)?;
        // What the target names goes before what the environment has, of either kind.
        let principal = |find: &dyn Fn(&str) -> Option<String>| find("client_id").zip(find("client_secret"));
        let client = |(id, secret)| Login::Client { id, secret };
        let login = own("token")
            .map(Login::Token)
            .or_else(|| principal(&own).map(client))
            .or_else(|| own("client_id").is_none().then(|| variable("token").map(Login::Token)).flatten())
            .or_else(|| principal(&value).map(client))
            .ok_or("there are no credentials: set DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET")?;
        let max_rows = own("max_rows").map_or(Ok(MAX_ROWS), |rows| rows.parse().map_err(|_| "`max_rows` is not a number of rows"))?;
        Ok(Self { base, warehouse, max_rows, catalog: own("catalog"), schema: own("schema"), login })
    }
}

fn variable_of(key: &str) -> &'static str {
    VARIABLES.iter().find(|(known, _)| *known == key).map_or("", |(_, name)| name)
}

/// The address of a host. Tokens travel in the clear to this machine only.
fn base(host: &str) -> Result<String, String> {
    let host = host.trim_end_matches('/');
    let (scheme, rest) = host.split_once("://").unwrap_or(("https", host));
    if rest.is_empty() || rest.contains(['/', '?', '#', '@', ' ']) {
        return Err("`host` is not the name of a workspace such as dbc-a1b2c3d4-e5f6.cloud.databricks.com".to_owned());
    }
    let name = rest.rsplit_once(':').map_or(rest, |(name, _)| name);
    match scheme {
        "https" => Ok(format!("https://{rest}")),
        "http" if matches!(name, "127.0.0.1" | "localhost" | "[::1]") => Ok(format!("http://{rest}")),
        _ => Err("`host` would send the token over http to another machine, where others can read it; use https".to_owned()),
    }
}

/// The id of a SQL warehouse, given as such or at the end of its HTTP path.
fn warehouse(text: &str) -> Result<String, String> {
    let id = text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let sound = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if sound { Ok(id.to_owned()) } else { Err("`warehouse_id` is not an id such as 1a2b3c4d5e6f7a8b".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::{Login, Workspace};
    use crate::model::settings::Settings;

    fn read(settings: &[(&'static str, &str)], environment: &[(&str, &str)]) -> Result<String, String> {
        let settings: Settings = settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let variable = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let workspace = Workspace::of(&settings, variable)?;
        let login = match workspace.login {
            Login::Token(token) => format!("token {token}"),
            Login::Client { id, secret } => format!("client {id} {secret}"),
        };
        Ok(format!("{} {} {login}", workspace.base, workspace.warehouse))
    }

    #[test]
    fn the_target_goes_before_the_environment() {
        let environment = [
            ("DATABRICKS_HOST", "https://env.example/"),
            ("DATABRICKS_HTTP_PATH", "/sql/1.0/warehouses/e1"),
            ("DATABRICKS_TOKEN", "t"),
            ("DATABRICKS_CLIENT_SECRET", "s"),
        ];
        assert_eq!(read(&[], &environment).as_deref(), Ok("https://env.example e1 token t"));
        let settings = [("host", "dbc-1.example"), ("warehouse_id", "w1"), ("client_id", "c")];
        assert_eq!(read(&settings, &environment).as_deref(), Ok("https://dbc-1.example w1 client c s"));
        assert_eq!(read(&[("token", "own")], &environment).as_deref(), Ok("https://env.example e1 token own"));
    }

    #[test]
    fn what_is_missing_or_unsafe_is_said() {
        for (settings, words) in [
            (vec![], "DATABRICKS_HOST"),
            (vec![("host", "h")], "DATABRICKS_WAREHOUSE_ID"),
            (vec![("host", "h"), ("warehouse_id", "w")], "DATABRICKS_TOKEN"),
            (vec![("host", "h"), ("warehouse_id", "../x y"), ("token", "hush")], "warehouse_id"),
            (vec![("host", "http://h"), ("warehouse_id", "w"), ("token", "hush")], "https"),
            (vec![("host", "https://user:hush@h"), ("warehouse_id", "w"), ("token", "hush")], "host"),
            (vec![("host", "h"), ("warehouse_id", "w"), ("client_id", "c")], "DATABRICKS_CLIENT_SECRET"),
        ] {
            let error = read(&settings, &[]).expect_err(words);
            assert!(error.contains(words) && !error.contains("hush"), "{settings:?}: {error}");
        }
        assert!(read(&[("host", "http://127.0.0.1:8080"), ("warehouse_id", "w"), ("token", "t")], &[]).is_ok());
    }
}
