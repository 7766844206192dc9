//! What a target says of BigQuery: where, as whom, and at most how much.

use std::collections::BTreeMap;
use std::fmt;

/// A BigQuery project as a target of the project file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BigQuery {
    /// The project that runs the jobs and pays for them; also that of tables without one.
    pub project: String,
    /// Where jobs run, such as `EU`; where the tables are if not given.
    pub location: Option<String>,
    /// The dataset of tables without one.
    pub dataset: Option<String>,
    /// The most bytes that the statements of a run may read together, and each of them alone.
    pub max_bytes: u64,
    /// The most rows of one result; beyond it nothing is judged.
    pub max_rows: u64,
    /// The most seconds of one job, if that is less than the run's time limit.
    pub job_timeout: Option<u64>,
    /// Labels of every job, besides `tool`.
    pub labels: BTreeMap<String, String>,
    /// Another server than Google's, without a slash at the end.
    pub endpoint: Option<String>,
    /// As whom.
    pub credentials: Credentials,
}

impl BigQuery {
    /// 100 GB: more than a daily gate reads, and less than a dollar.
    pub const MAX_BYTES: u64 = 100_000_000_000;
    /// Far more keys than a gate has, and no burden to hold.
    pub const MAX_ROWS: u64 = 1_000_000;
}

/// As whom to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// Application Default Credentials: whatever the environment, `gcloud` or the machine has.
    Default,
    /// An access token.
    Token(Secret),
    /// Nobody, which emulators accept.
    None,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_is_never_shown() {
        let secret = Secret::new("ya29.abc");
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(secret.reveal(), "ya29.abc");
    }
}
