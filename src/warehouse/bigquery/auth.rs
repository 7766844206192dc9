//! As whom to ask: a token of the target, or Application Default Credentials of any kind.

use std::path::PathBuf;
use std::sync::Once;
use std::time::{Duration, Instant};
use std::{env, fs, panic, thread};

use google_cloud_auth::credentials::Builder;
use serde_json::Value as Json;
use tokio::runtime;
use tokio::sync::{Mutex, oneshot};
use tokio::time::timeout;

use crate::model::bigquery::Credentials;
use crate::warehouse::rest::{NoToken, Secrets, without_quotes};

/// What rights the token is asked for. Read-only is what the account's roles make it; the narrower scope is no longer served.
const SCOPE: &str = "https://www.googleapis.com/auth/bigquery";

/// How long a token is used. When it ends is not told: Google's own last at least four minutes more, and one that ends
/// earlier is refused and made anew.
const KEPT: Duration = Duration::from_secs(180);

/// The longest that one is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The thread that asks for one.
const THREAD: &str = "google-token";

/// Gives access tokens.
#[derive(Debug)]
pub(super) struct Authenticator {
    credentials: Credentials,
    secrets: Secrets,
    /// A token, and until when it is used.
    held: Mutex<Option<(String, Instant)>>,
}

impl Authenticator {
    pub(super) fn new(credentials: Credentials, secrets: Secrets) -> Self {
        Self { credentials, secrets, held: Mutex::default() }
    }

    /// A token that is valid now, or one made anew; `None` where nobody is to be named.
    ///
    /// # Errors
    /// Why there is none, and whether another try may have one.
    pub(super) async fn token(&self, anew: bool) -> Result<Option<String>, NoToken> {
        match &self.credentials {
            Credentials::None => Ok(None),
            Credentials::Token(secret) => Ok(Some(secret.reveal().to_owned())),
            Credentials::Default => self.default_token(anew).await.map(Some),
        }
    }

    async fn default_token(&self, anew: bool) -> Result<String, NoToken> {
        let mut held = self.held.lock().await;
        if let Some((token, _)) = held.as_ref().filter(|(_, until)| !anew && Instant::now() < *until) {
            return Ok(token.clone());
        }
        hide_file(&self.secrets);
        let token = ask().await?;
        *held = Some((token.clone(), Instant::now() + KEPT));
        Ok(token)
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

/// Asks Google's own library on a thread and a runtime of their own, which end with the answer: it would go on asking for
/// the next token at once where one is about to end, and panics at answers that it does not foresee.
async fn ask() -> Result<String, NoToken> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if thread::current().name() != Some(THREAD) {
                loud(panic)
            }
        }));
    });
    let never = |reason: String| NoToken { reason, transient: false, retry_after: None };
    let (mut send, receive) = oneshot::channel();
    let work = move || match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(async {
            tokio::select! {
                answer = exchange() => drop(send.send(answer)),
                // Nobody waits any more.
                () = send.closed() => {}
            }
        }),
        Err(error) => drop(send.send(Err(never(error.to_string())))),
    };
    thread::Builder::new().name(THREAD.to_owned()).spawn(work).map_err(|error| never(error.to_string()))?;
    receive.await.unwrap_or_else(|_| Err(never("the answer to a request for a token makes no sense".to_owned())))
}

async fn exchange() -> Result<String, NoToken> {
    let none = |reason, transient| NoToken { reason, transient, retry_after: None };
    let credentials = Builder::default().with_scopes([SCOPE]).build_access_token_credentials();
    let credentials = credentials.map_err(|error| none(told(&error), false))?;
    match timeout(PATIENCE, credentials.access_token()).await {
        Ok(Ok(token)) => Ok(token.token),
        Ok(Err(error)) => Err(none(told(&error), error.is_transient())),
        Err(_) => Err(none("a request for a token is not answered".to_owned(), true)),
    }
}

/// An error with its causes, but without anything that a server wrote except its status: it may repeat what it was sent.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    let mut parts: Vec<String> = Vec::new();
    for cause in causes {
        let own = cause.split(", body=<").next().unwrap_or_default();
        let own = own.split_once("] error: ").map_or(own.to_owned(), |(own, _)| format!("{own}] error"));
        let own = without_quotes(&own).split_whitespace().collect::<Vec<_>>().join(" ");
        if !parts.iter().any(|part| part.contains(&own)) {
            parts.push(own);
        }
    }
    parts.join(": ")
}

/// Never shows what the credentials file keeps, or what it says where to find.
fn hide_file(secrets: &Secrets) {
    let read = |file: PathBuf| fs::read(file).ok().map(|text| String::from_utf8_lossy(&text).trim().to_owned());
    let Some((file, _)) = default_file() else { return };
    let Some(json) = read(file).and_then(|text| serde_json::from_str::<Json>(&text).ok()) else { return };
    hide(&json, false, secrets);
    let subject = json.pointer("/credential_source/file").and_then(Json::as_str).and_then(|file| read(file.into()));
    if let Some(subject) = subject {
        serde_json::from_str(&subject).into_iter().for_each(|json: Json| hide(&json, true, secrets));
        secrets.add_long(&subject);
    }
}

fn hide(json: &Json, is_secret: bool, secrets: &Secrets) {
    const KEYS: [&str; 4] = ["client_secret", "refresh_token", "private_key", "headers"];
    match json {
        Json::String(text) if is_secret => secrets.add_long(text),
        Json::Array(items) => items.iter().for_each(|item| hide(item, is_secret, secrets)),
        Json::Object(members) => {
            members.iter().for_each(|(name, value)| hide(value, is_secret || KEYS.contains(&name.as_str()), secrets));
        }
        _ => {}
    }
}

fn describe_default() -> String {
    let Some((file, origin)) = default_file() else {
        return "the account of the machine, from its metadata server".to_owned();
    };
    let kind = fs::read(&file).ok().and_then(|text| {
        let file: Json = serde_json::from_slice(&text).ok()?;
        Some(kind(file.get("type")?.as_str()?))
    });
    format!("{}, {} ({origin})", kind.unwrap_or("unreadable credentials"), file.display())
}

/// The credentials file, if there is to be one, and where it comes from.
fn default_file() -> Option<(PathBuf, &'static str)> {
    let named = env::var_os("GOOGLE_APPLICATION_CREDENTIALS").map(|file| (file.into(), "named by GOOGLE_APPLICATION_CREDENTIALS"));
    let found = || Some((well_known().filter(|file| file.is_file())?, "from gcloud auth application-default login"));
    named.or_else(found)
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
