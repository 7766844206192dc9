//! As whom to ask: a token of the target, or Application Default Credentials of any kind.

use std::env;
use std::path::PathBuf;

use google_cloud_auth::credentials::{AccessTokenCredentials, Builder};
use tokio::sync::OnceCell;

use crate::model::bigquery::Credentials;
use crate::warehouse::rest::NoToken;

/// What rights the token is asked for. Read-only is what the account's roles make it; the narrower scope is no longer served.
const SCOPE: &str = "https://www.googleapis.com/auth/bigquery";

/// Gives access tokens.
#[derive(Debug)]
pub(super) struct Authenticator {
    credentials: Credentials,
    found: OnceCell<Result<AccessTokenCredentials, String>>,
}

impl Authenticator {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { credentials, found: OnceCell::new() }
    }

    /// A token that is valid now; `None` where nobody is to be named.
    ///
    /// # Errors
    /// Why there is none, and whether another try may have one.
    pub(super) async fn token(&self) -> Result<Option<String>, NoToken> {
        match &self.credentials {
            Credentials::None => Ok(None),
            Credentials::Token(secret) => Ok(Some(secret.reveal().to_owned())),
            Credentials::Default => self.default_token().await.map(Some),
        }
    }

    async fn default_token(&self) -> Result<String, NoToken> {
        let find = async || Builder::default().with_scopes([SCOPE]).build_access_token_credentials().map_err(|error| chain(&error));
        let found = self.found.get_or_init(find).await;
        let credentials = found.as_ref().map_err(|reason| NoToken { reason: reason.clone(), transient: false, retry_after: None })?;
        let token = credentials.access_token().await;
        token.map(|token| token.token).map_err(|error| NoToken {
            transient: error.is_transient(),
            reason: chain(&error),
            retry_after: None,
        })
    }

    /// Which credentials these are, in words, and where they come from.
    pub(super) fn describe(&self) -> String {
        match self.credentials {
            Credentials::None => "none, as the target says".to_owned(),
            Credentials::Token(_) => "the token of the target".to_owned(),
            Credentials::Default => describe_default(),
        }
    }
}

/// An error with its causes, which the outermost often leaves out.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

fn describe_default() -> String {
    let named = env::var_os("GOOGLE_APPLICATION_CREDENTIALS").map(PathBuf::from);
    let Some(file) = named.clone().or_else(well_known).filter(|file| named.is_some() || file.is_file()) else {
        return "the account of the machine, from its metadata server".to_owned();
    };
    let origin = if named.is_some() { "named by GOOGLE_APPLICATION_CREDENTIALS" } else { "from gcloud auth application-default login" };
    let kind = std::fs::read(&file).ok().and_then(|text| {
        let file: serde_json::Value = serde_json::from_slice(&text).ok()?;
        Some(kind(file.get("type")?.as_str()?))
    });
    format!("{}, {} ({origin})", kind.unwrap_or("unreadable credentials"), file.display())
}

/// Where `gcloud` keeps the user's.
fn well_known() -> Option<PathBuf> {
    let folder = if cfg!(windows) { env::var_os("APPDATA").map(PathBuf::from) } else { env::home_dir().map(|home| home.join(".config")) };
    Some(folder?.join("gcloud/application_default_credentials.json"))
}

fn kind(name: &str) -> &'static str {
    match name {
        "service_account" => "a service account",
        "authorized_user" => "a user",
        "external_account" => "a workload identity",
        "impersonated_service_account" => "an impersonated service account",
        _ => "credentials of another kind",
    }
}
