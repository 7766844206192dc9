//! Tokens: the target's own, or a service principal's, which are asked for and last an hour.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use tokio::sync::Mutex;

use super::answer::{NoToken as Refusal, Token};
use super::failure::PROTOCOL;
use super::workspace::Login;
use crate::warehouse::rest::{Answer, Fault, NoToken, Tokens, Trouble, Wire, send, without_quotes};

/// How long before its end a token is renewed.
const MARGIN: Duration = Duration::from_secs(60);

/// The longest that a token is used.
const LONGEST: Duration = Duration::from_secs(86_400);

/// A token, and until when it is good.
type Held = Arc<Mutex<Option<(String, Instant)>>>;

/// Where tokens come from, and whether they can be made anew.
pub(super) fn tokens(login: &Login, base: &str, wire: &Wire) -> (Tokens, bool) {
    match login {
        Login::Token(token) => {
            wire.secrets().add(token);
            let token = token.clone();
            let give = move |_| {
                let token = token.clone();
                Box::pin(async move { Ok(Some(token)) }) as _
            };
            (Box::new(give), false)
        }
        Login::Client { id, secret } => {
            wire.secrets().add(secret);
            if let Some(header) = basic(&wire.client(), id, secret) {
                wire.secrets().add(&header);
            }
            let (client, url, id, secret) = (wire.client(), format!("{base}/oidc/v1/token"), id.clone(), secret.clone());
            let held = Held::default();
            let give = move |anew| {
                let (client, url, id, secret, held) = (client.clone(), url.clone(), id.clone(), secret.clone(), Arc::clone(&held));
                Box::pin(async move { token(&client, &url, (&id, &secret), &held, anew).await.map(Some) }) as _
            };
            (Box::new(give), true)
        }
    }
}

async fn token(client: &Client, url: &str, (id, secret): (&str, &str), held: &Held, anew: bool) -> Result<String, NoToken> {
    let mut held = held.lock().await;
    if let Some((token, _)) = held.as_ref().filter(|(_, until)| !anew && Instant::now() < *until) {
        return Ok(token.clone());
    }
    let request = client.post(url).basic_auth(id, Some(secret)).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = send(request.body("grant_type=client_credentials&scope=all-apis")).await.map_err(|trouble| lost(&trouble))?;
    if !answer.is_success() {
        return Err(refused(&answer));
    }
    let token: Token = serde_json::from_slice(&answer.body).map_err(|error| NoToken {
        reason: format!("the answer to a request for a token cannot be read: {}", without_quotes(&error.to_string())),
        transient: true,
        retry_after: None,
    })?;
    let good = Duration::from_secs(token.expires_in).min(LONGEST).saturating_sub(MARGIN);
    *held = Some((token.access_token.clone(), Instant::now() + good));
    Ok(token.access_token)
}

/// Id and secret as they are sent, which a server may repeat.
fn basic(client: &Client, id: &str, secret: &str) -> Option<String> {
    let request = client.get("http://localhost").basic_auth(id, Some(secret)).build().ok()?;
    Some(request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?.to_owned())
}

fn lost(trouble: &Trouble) -> NoToken {
    let reason = Fault::of_trouble(&PROTOCOL, trouble).map(|fault| fault.message).unwrap_or_default();
    NoToken { reason: format!("the workspace gives the client no token: {reason}"), transient: true, retry_after: None }
}

/// An overloaded server is not the client's fault.
fn refused(answer: &Answer) -> NoToken {
    let fault = Fault::of_answer(&PROTOCOL, answer);
    let said: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
    let words: Vec<String> = [said.error, said.error_description].into_iter().filter(|word| !word.is_empty()).collect();
    let words = if words.is_empty() { format!("HTTP {}", answer.status) } else { words.join(": ") };
    NoToken {
        reason: format!("the workspace gives the client no token: {words}"),
        transient: fault.most_tries() > 1,
        retry_after: answer.retry_after,
    }
}
