//! Passwords: Argon2id hashes, and a memory of those that were right.
//!
//! A check takes tens of milliseconds on purpose, too long for every request of HTTP Basic. So a
//! password that was right is remembered under the *stored hash* it matched: a changed password has
//! another hash, and the old one is worth nothing from that moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::http::{ApiError, ApiResult};

/// How much work a hash is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordCost {
    /// 19 MiB and two passes, as OWASP advises.
    Standard,
    /// As little as the algorithm allows: for tests only.
    Least,
}

/// How many right passwords are remembered.
const REMEMBERED: usize = 10_000;

/// Hashes and checks passwords.
pub(crate) struct Passwords {
    params: Params,
    /// A hash that no password matches, checked when there is no user.
    nobody: String,
    /// Each check takes a core and memory; more of them at once would only be slower.
    permits: Arc<Semaphore>,
    /// Makes the digests in `right` worthless outside this process.
    salt: [u8; 32],
    /// Stored hash → digest of the password that matched it.
    right: Mutex<HashMap<String, [u8; 32]>>,
}

impl Passwords {
    pub(crate) fn new(cost: PasswordCost) -> Self {
        let params = match cost {
            PasswordCost::Standard => Params::default(),
            PasswordCost::Least => {
                Params::new(Params::MIN_M_COST, 1, 1, None).expect("the least cost is a valid cost")
            }
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let nobody = hash(&params, &rand::random::<[u8; 32]>());
        Self {
            params,
            nobody,
            permits: Arc::new(Semaphore::new(cores)),
            salt: rand::random(),
            right: Mutex::default(),
        }
    }

    /// The hash to store for a password.
    ///
    /// # Errors
    /// 500 when the thread that computes it fails.
    pub(crate) async fn hash(&self, password: String) -> ApiResult<String> {
        let params = self.params.clone();
        self.compute(move || hash(&params, password.as_bytes()))
            .await
    }

    /// Whether `password` belongs to the stored `hash`. Without a hash the answer is no, and takes
    /// as long.
    ///
    /// # Errors
    /// 500 when the thread that computes it fails.
    pub(crate) async fn verify(&self, hash: Option<String>, password: String) -> ApiResult<bool> {
        let digest = self.digest(&password);
        let Some(hash) = hash else {
            let nobody = self.nobody.clone();
            self.compute(move || matches(&nobody, &password)).await?;
            return Ok(false);
        };
        let known = self.remembered().get(&hash).copied();
        if known == Some(digest) {
            return Ok(true);
        }
        let (is_right, hash) = self
            .compute(move || (matches(&hash, &password), hash))
            .await?;
        if is_right {
            let mut remembered = self.remembered();
            if remembered.len() >= REMEMBERED {
                remembered.clear();
            }
            remembered.insert(hash, digest);
        }
        Ok(is_right)
    }

    /// A digest of digests is compared, so the time of the comparison tells nothing of a password.
    fn digest(&self, password: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.salt)
            .chain_update(password)
            .finalize()
            .into()
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, HashMap<String, [u8; 32]>> {
        self.right.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> ApiResult<T> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(ApiError::internal)?;
        tokio::task::spawn_blocking(move || {
            let value = work();
            drop(permit);
            value
        })
        .await
        .map_err(ApiError::internal)
    }
}

fn hash(params: &Params, password: &[u8]) -> String {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let hash: PasswordHash = argon2
        .hash_password(password)
        .expect("the system gives random bytes for the salt");
    hash.to_string()
}

fn matches(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_remembered_password_is_right_only_for_its_hash() {
        let passwords = Passwords::new(PasswordCost::Least);
        let first = passwords.hash("first".into()).await.unwrap();
        let second = passwords.hash("second".into()).await.unwrap();
        for _ in 0..2 {
            assert!(
                passwords
                    .verify(Some(first.clone()), "first".into())
                    .await
                    .unwrap()
            );
            assert!(
                !passwords
                    .verify(Some(first.clone()), "second".into())
                    .await
                    .unwrap()
            );
            assert!(
                !passwords
                    .verify(Some(second.clone()), "first".into())
                    .await
                    .unwrap()
            );
        }
        assert!(!passwords.verify(None, "first".into()).await.unwrap());
    }

    #[tokio::test]
    async fn hashes_are_argon2id_and_salted() {
        let passwords = Passwords::new(PasswordCost::Standard);
        let hash = passwords.hash("secret".into()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert_ne!(hash, passwords.hash("secret".into()).await.unwrap());
    }
}
