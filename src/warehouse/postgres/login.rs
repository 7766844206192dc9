//! One server, database and user, and how a connection to them comes about.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::config::{ChannelBinding, SslMode, TargetSessionAttrs};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};

use super::failure;
use super::keywords::{ESCAPE, Keywords};
use super::tls::Encryption;

/// Where Debian and others keep the sockets of a local server, and where it does so by itself.
const SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// The longest wait for one host, in seconds, unless `connect_timeout` says otherwise.
const CONNECT_SECONDS: u64 = 10;

/// How long the end of a connection may take.
const GOOD_BYE: Duration = Duration::from_millis(200);

/// Everything that a connection is made with.
pub(super) struct Login {
    config: Config,
    pub(super) encryption: Encryption,
    /// For messages: host, database and user, never the password.
    pub(super) place: String,
    timeout: Duration,
    ignored_passfile: Option<PathBuf>,
    /// Shared by every open connection.
    alive: Arc<()>,
}

/// An open connection.
pub(super) struct Session {
    pub(super) client: Client,
    /// Carries the bytes while the runtime runs, and ends when it has said good-bye for the client.
    traffic: JoinHandle<Result<(), tokio_postgres::Error>>,

    _alive: Arc<()>,
}

/// Why there is no connection.
pub(super) struct Refused {
    /// What happened and what to do.
    pub(super) message: String,
    /// The server has no room for another one.
    pub(super) full: bool,
}

impl Session {
    /// Ends the connection in an orderly way, if the server lets it.
    pub(super) async fn close(self) {
        drop(self.client);
        let _ = tokio::time::timeout(GOOD_BYE, self.traffic).await;
    }
}

impl Login {
    /// Puts the keywords together.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub(super) fn new(keywords: &Keywords) -> Result<Self, String> {
        let home = std::env::home_dir();
        let user = keywords
            .get("user")
            .map(str::to_owned)
            .or_else(system_user)
            .ok_or("`user` is missing: name it in the target, or set PGUSER")?;
        let dbname = keywords.get("dbname").unwrap_or(&user).to_owned();
        let ports = ports(keywords.get("port").unwrap_or("5432"))?;
        let hosts = keywords.get("host").or(keywords.get("hostaddr")).map_or_else(|| local_host(ports[0]), str::to_owned);
        let seconds = keywords.get("connect_timeout").map(str::parse::<u64>).transpose();
        let seconds = seconds.map_err(|_| "connect_timeout is not a number of seconds")?.filter(|seconds| *seconds > 0);
        let timeout = Duration::from_secs(seconds.unwrap_or(CONNECT_SECONDS));
        let (saved, ignored_passfile) = match keywords.get("password") {
            Some(password) => (Some(password.to_owned()), None),
            None => keywords.saved_password(&user, &dbname, home.as_deref()),
        };
        let mut config = Config::new();
        config.user(&user).dbname(&dbname).connect_timeout(timeout);
        hosts.split(',').for_each(|host| drop(config.host(host).clone()));
        ports.iter().for_each(|port| drop(config.port(*port).clone()));
        if let Some(password) = saved {
            config.password(password);
        }
        options(&mut config, keywords)?;
        let mut encryption = Encryption::of(keywords, home.as_deref())?;
        if hosts.split(',').all(|host| host.starts_with('/')) {
            // Nothing leaves the machine through a socket, so `sslmode` is ignored there.
            encryption.attempts = &[SslMode::Disable];
        }
        let place = place(&hosts, &ports, &dbname, &user);
        Ok(Self { config, encryption, place, timeout, ignored_passfile, alive: Arc::default() })
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub(super) async fn connect(&self) -> Result<Session, Refused> {
        let mut refused = None;
        for mode in self.encryption.attempts {
            let Ok(answer) = tokio::time::timeout(self.limit(), self.attempt(*mode)).await else {
                let message = format!("{}: no answer within {} s; {}", self.failed(), self.limit().as_secs(), failure::UNREACHABLE);
                return Err(Refused { message, full: false });
            };
            match answer {
                Ok(session) => return Ok(session),
                Err(error) => {
                    let may_differ = failure::is_about_encryption(&error);
                    // The first refusal is what the user's own words led to.
                    let first = refused.get_or_insert(error);
                    if !may_differ {
                        return Err(self.refused(first));
                    }
                }
            }
        }
        Err(refused.as_ref().map_or_else(|| Refused { message: self.failed(), full: false }, |error| self.refused(error)))
    }

    /// All hosts together.
    fn limit(&self) -> Duration {
        self.timeout.saturating_mul(u32::try_from(self.config.get_hosts().len().max(1)).unwrap_or(1))
    }

    async fn attempt(&self, mode: SslMode) -> Result<Session, tokio_postgres::Error> {
        let mut config = self.config.clone();
        config.ssl_mode(mode);
        let (client, connection) = config.connect(self.encryption.connector.clone()).await?;
        Ok(Session { client, traffic: tokio::spawn(connection), _alive: Arc::clone(&self.alive) })
    }

    /// Whether other connections are open, of which one may soon be free.
    pub(super) fn has_others(&self) -> bool {
        Arc::strong_count(&self.alive) > 1
    }

    fn failed(&self) -> String {
        format!("cannot connect to {}", self.place)
    }

    fn refused(&self, error: &tokio_postgres::Error) -> Refused {
        let mut message = format!("{}: {}", self.failed(), failure::of_login(error));
        if let (Some(file), Some(&SqlState::INVALID_PASSWORD) | None) = (&self.ignored_passfile, error.code()) {
            message = format!("{message}; {} was not used, because others can read it: chmod 600", file.display());
        }
        Refused { message, full: error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) }
    }
}

fn ports(list: &str) -> Result<Vec<u16>, String> {
    let port = |text: &str| if text.is_empty() { Ok(5432) } else { text.trim().parse::<u16>() };
    let ports: Result<Vec<u16>, _> = list.split(',').map(port).collect();
    ports.map_err(|_| format!("the port is not a number; {ESCAPE}"))
}

fn options(config: &mut Config, keywords: &Keywords) -> Result<(), String> {
    config.application_name(keywords.get("application_name").unwrap_or("gapgate"));
    if let Some(options) = keywords.get("options") {
        config.options(options);
    }
    if keywords.get("host").is_some() {
        for address in keywords.get("hostaddr").iter().flat_map(|addresses| addresses.split(',')) {
            config.hostaddr(address.parse().map_err(|_| "hostaddr is not an IP address")?);
        }
    }
    config.target_session_attrs(match keywords.get("target_session_attrs").unwrap_or("any") {
        "any" | "prefer-standby" => TargetSessionAttrs::Any,
        "read-write" => TargetSessionAttrs::ReadWrite,
        "read-only" => TargetSessionAttrs::ReadOnly,
        _ => return Err("target_session_attrs must be any, read-write or read-only".to_owned()),
    });
    config.channel_binding(match keywords.get("channel_binding").unwrap_or("prefer") {
        "disable" => ChannelBinding::Disable,
        "prefer" => ChannelBinding::Prefer,
        "require" => ChannelBinding::Require,
        _ => return Err("channel_binding must be disable, prefer or require".to_owned()),
    });
    Ok(())
}

fn system_user() -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok()).filter(|name| !name.is_empty())
}

/// The folder of a local server's socket, or this machine.
fn local_host(port: u16) -> String {
    let socket = |folder: &&str| cfg!(unix) && std::path::Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    SOCKETS.into_iter().find(socket).unwrap_or("localhost").to_owned()
}

fn place(hosts: &str, ports: &[u16], dbname: &str, user: &str) -> String {
    let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
    let hosts: Vec<String> = hosts.split(',').enumerate().map(|(at, host)| format!("{host}:{}", port(at))).collect();
    format!("{}, database {dbname}, as user {user}", hosts.join(" or "))
}
