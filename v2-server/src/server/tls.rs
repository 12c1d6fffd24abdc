//! TLS by two files, which are read again when they change.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
pub(super) const LOOK: Duration = Duration::from_secs(10);

/// A certificate and its key, both PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate with its chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("failed to read `{}`", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has nothing of what is looked for in it.
    #[error("`{}` has no {wanted} in PEM form", file.display())]
    Nothing {
        /// The file.
        file: PathBuf,
        /// `certificate` or `private key`.
        wanted: &'static str,
    },
    /// A file is not well made.
    #[error("`{}` has no {wanted} that can be used: {reason}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// `certificate` or `private key`.
        wanted: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The key is that of another certificate.
    #[error("the key in `{}` is not the key of the certificate in `{}`", tls.key.display(), tls.certificate.display())]
    Mismatch {
        /// The files.
        tls: Tls,
    },
}

/// The certificate in use.
pub(super) struct Certificate {
    files: Tls,
    provider: Arc<CryptoProvider>,
    current: Mutex<Current>,
}

struct Current {
    certified: Arc<CertifiedKey>,
    /// What the files were like when they were last looked at, good or not.
    seen: Seen,
}

/// Tells one state of the files from another.
type Seen = [u8; 32];

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`].
    pub(super) fn read(files: Tls) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let (seen, pems) = look(&files);
        let certified = certify(&files, &pems?, &provider)?;
        let certified = Arc::new(certified);
        Ok(Arc::new(Self {
            files,
            provider,
            current: Mutex::new(Current { certified, seen }),
        }))
    }

    /// What makes TLS of a connection: versions 1.2 and 1.3, HTTP/2 and HTTP/1.1.
    pub(super) fn acceptor(self: &Arc<Self>) -> TlsAcceptor {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .expect("the provider has ciphers for both versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as _);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    /// Reads the files again. The certificate that was in use stays, where they are no good.
    ///
    /// # Errors
    /// [`TlsError`].
    pub(super) fn renew(&self) -> Result<(), TlsError> {
        let (seen, pems) = look(&self.files);
        self.current().seen = seen;
        let certified = certify(&self.files, &pems?, &self.provider)?;
        self.current().certified = Arc::new(certified);
        tracing::info!(
            "read the certificate in `{}` again",
            self.files.certificate.display()
        );
        Ok(())
    }

    /// What clients are shown now.
    pub(super) fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.current().certified)
    }

    /// Whether the files are not as they were when they were last looked at.
    fn has_changed(&self) -> bool {
        look(&self.files).0 != self.current().seen
    }

    /// Both members are whole at any time, so a poisoned lock is no harm.
    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.files).finish()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.certified())
    }
}

/// Reads the files again whenever they change, until `stopped` says so. Two files that do not fit
/// each other, because only one is written yet, are told and read again with the next change.
pub(super) async fn keep_fresh(
    certificate: Arc<Certificate>,
    every: Duration,
    mut stopped: watch::Receiver<()>,
) {
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            () = tokio::time::sleep(every) => {}
        }
        let certificate = Arc::clone(&certificate);
        let looked = tokio::task::spawn_blocking(move || {
            if certificate.has_changed()
                && let Err(error) = certificate.renew()
            {
                tell(&error);
            }
        });
        if looked.await.is_err() {
            tracing::error!("reading the certificate ended with a panic");
        }
    }
}

/// Logs why a certificate is not renewed.
pub(super) fn tell(error: &TlsError) {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    tracing::error!(
        "failed to renew the certificate, the former stays in use: {error}{}",
        cause.unwrap_or_default()
    );
}

/// Both files as they are now, and what tells this state from others.
fn look(files: &Tls) -> (Seen, Result<[Vec<u8>; 2], TlsError>) {
    let read = |file: &Path| {
        std::fs::read(file).map_err(|source| TlsError::Read {
            file: file.to_owned(),
            source,
        })
    };
    let pems =
        read(&files.certificate).and_then(|certificate| Ok([certificate, read(&files.key)?]));
    let mut digest = Sha256::new();
    match &pems {
        Ok(pems) => pems.iter().for_each(|pem| {
            digest.update(pem.len().to_be_bytes());
            digest.update(pem);
        }),
        Err(error) => digest.update(error.to_string()),
    }
    (digest.finalize().into(), pems)
}

fn certify(
    files: &Tls,
    [certificate, key]: &[Vec<u8>; 2],
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let malformed = |file: &Path, wanted, reason: String| TlsError::Malformed {
        file: file.to_owned(),
        wanted,
        reason,
    };
    let nothing = |file: &Path, wanted| TlsError::Nothing {
        file: file.to_owned(),
        wanted,
    };
    let (chain_file, chain_word) = (&files.certificate, "certificate");
    let chain = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| malformed(chain_file, chain_word, error.to_string()))?;
    if chain.is_empty() {
        return Err(nothing(chain_file, chain_word));
    }
    let (key_file, key_word) = (&files.key, "private key");
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
        pem::Error::NoItemsFound => nothing(key_file, key_word),
        error => malformed(key_file, key_word, error.to_string()),
    })?;
    let key = provider
        .key_provider
        .load_private_key(key)
        .map_err(|error| malformed(key_file, key_word, error.to_string()))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        // Some keys do not tell what certificate they are for.
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
            Ok(certified)
        }
        Err(rustls::Error::InconsistentKeys(_)) => Err(TlsError::Mismatch { tls: files.clone() }),
        Err(error) => Err(malformed(chain_file, chain_word, error.to_string())),
    }
}
