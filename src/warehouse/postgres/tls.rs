//! Encryption and trust as libpq's `sslmode` and `sslrootcert` mean them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::keywords::Keywords;

/// How a connection is encrypted: what is tried, in order, and with which idea of trust.
#[derive(Clone)]
pub(super) struct Encryption {
    /// The next is tried when the server, or what it allows, refuses the one before.
    pub(super) attempts: &'static [SslMode],
    pub(super) connector: MakeRustlsConnect,
}

impl Encryption {
    /// What `sslmode` and `sslrootcert` ask for.
    ///
    /// # Errors
    /// Words that are unknown or contradict each other, and certificates that cannot be read.
    pub(super) fn of(keywords: &Keywords, home: Option<&Path>) -> Result<Self, String> {
        let root = keywords.get("sslrootcert");
        let of_system = root == Some("system");
        let mode = keywords.get("sslmode").unwrap_or(if of_system { "verify-full" } else { "prefer" });
        if of_system && mode != "verify-full" {
            return Err(format!("sslrootcert=system needs sslmode=verify-full, not {mode}: anybody can have a certificate from there"));
        }
        let attempts: &[SslMode] = match mode {
            "disable" => &[SslMode::Disable],
            "allow" => &[SslMode::Disable, SslMode::Require],
            "prefer" => &[SslMode::Prefer, SslMode::Disable],
            "require" | "verify-ca" | "verify-full" => &[SslMode::Require],
            _ => return Err("sslmode must be disable, allow, prefer, require, verify-ca or verify-full".to_owned()),
        };
        if of_system {
            return Ok(Self { attempts, connector: trusting_the_system()? });
        }
        let default = home.map(|home| home.join(".postgresql/root.crt"));
        let file = root.map(PathBuf::from).or(default.filter(|file| file.is_file()));
        let trust = match (mode, file) {
            ("verify-ca" | "verify-full", None) => {
                return Err(format!(
                    "sslmode={mode} needs sslrootcert: a file with the certificate of who signed the server's, or `system`"
                ));
            }
            ("verify-full", Some(file)) => Some((roots(&file)?, true)),
            // As libpq does: where a root is known, a server that it does not vouch for is refused.
            ("verify-ca" | "require", Some(file)) => Some((roots(&file)?, false)),
            _ => None,
        };
        Ok(Self { attempts, connector: MakeRustlsConnect::new(configuration(trust)?) })
    }
}

fn trusting_the_system() -> Result<MakeRustlsConnect, String> {
    // The connector takes the provider of the process; there is only one.
    let _ = ring::default_provider().install_default();
    let connector = MakeRustlsConnect::with_native_certs().map_err(|errors| {
        let why = errors.first().map_or_else(|| "it has none".to_owned(), ToString::to_string);
        format!("cannot read the system's certificates: {why}")
    });
    connector.map(|(connector, _)| connector)
}

/// The certificates in a file.
fn roots(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unreadable = |why: &dyn fmt::Display| format!("cannot read the certificates in {}, which sslrootcert names: {why}", file.display());
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| unreadable(&error))?;
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(|error| unreadable(&error))?;
    if certificates.is_empty() { Err(unreadable(&"it holds none")) } else { Ok(certificates) }
}

/// Trusts these roots, with or without a look at the server's name; anybody, if there are none.
fn configuration(trust: Option<(Vec<CertificateDer<'static>>, bool)>) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let unusable = |error: &dyn fmt::Display| format!("the certificates of sslrootcert cannot be used: {error}");
    let mut verifier = Verifier { provider: Arc::clone(&provider), chain: None, roots: Vec::new(), by_name: false };
    if let Some((roots, by_name)) = trust {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().cloned());
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider)).build();
        verifier = Verifier { chain: Some(chain.map_err(|error| unusable(&error))?), roots, by_name, ..verifier };
    }
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| unusable(&error))?.dangerous();
    Ok(builder.with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    chain: Option<Arc<WebPkiServerVerifier>>,
    roots: Vec<CertificateDer<'static>>,
    by_name: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        // A server's own certificate may be its root: one that signed itself is handed to its clients as such.
        if !self.roots.contains(certificate) {
            match chain.verify_server_cert(certificate, others, name, ocsp, now) {
                // The name is looked at last, so the chain is sound.
                Err(Error::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })) => {}
                other => {
                    other?;
                }
            }
        }
        if self.by_name {
            verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
