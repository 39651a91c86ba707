//! `SHA256SUMS.sig`: an SSH signature (PROTOCOL.sshsig of OpenSSH) under the namespace `farwatch`, by a local key or by
//! an AWS KMS key.
//!
//! The signing identity is never the auditing one: KMS is asked under a profile of its own.

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use ssh_key::public::{EcdsaPublicKey, KeyData};
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, LineEnding, PrivateKey, PublicKey, Signature, SshSig};
use std::path::Path;

/// The namespace: a signature made here is none for anything else.
pub const NAMESPACE: &str = "farwatch";

/// Why something could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key file.
    #[error("the signing key {path}: {what}")]
    Key {
        /// Which file.
        path: String,
        /// What is wrong, and what to do.
        what: String,
    },
    /// The SSH format.
    #[error("the signature could not be made: {0}")]
    Format(#[from] ssh_key::Error),
    /// KMS.
    #[error("AWS KMS key {key}: {what}")]
    Kms {
        /// The key.
        key: String,
        /// What is wrong, and what to do.
        what: String,
    },
}

/// A signature and the key that checks it.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The armored signature.
    pub signature: String,
    /// The public key, one line.
    pub public_key: String,
}

/// Signs with an OpenSSH private key.
///
/// # Errors
/// [`SignError`] when the key cannot be used.
pub fn with_key(key: &PrivateKey, message: &[u8]) -> Result<Signed, SignError> {
    let signature = SshSig::sign(key, NAMESPACE, HashAlg::Sha512, message)?;
    Ok(Signed { signature: signature.to_pem(LineEnding::LF)?, public_key: key.public_key().to_openssh()? + "\n" })
}

/// Reads an OpenSSH private key. A key with a passphrase is opened with `passphrase`.
///
/// # Errors
/// [`SignError::Key`] names the file and what to do.
pub fn read_key(path: &Path, passphrase: Option<&str>) -> Result<PrivateKey, SignError> {
    let wrong = |what: String| SignError::Key { path: path.display().to_string(), what };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let key = PrivateKey::from_openssh(&text)
        .map_err(|error| wrong(format!("{error}; make one with `ssh-keygen -t ed25519 -f KEY`")))?;
    if !key.is_encrypted() {
        return Ok(key);
    }
    let words =
        passphrase.ok_or_else(|| wrong("it has a passphrase; put it into FARWATCH_SIGN_PASSPHRASE".to_owned()))?;
    key.decrypt(words).map_err(|_| wrong("the passphrase in FARWATCH_SIGN_PASSPHRASE does not open it".to_owned()))
}

/// Signs with a KMS key of type `ECC_NIST_P256`.
///
/// # Errors
/// [`SignError::Kms`] names the key and what to do.
pub async fn with_kms(client: &aws_sdk_kms::Client, key: &str, message: &[u8]) -> Result<Signed, SignError> {
    let wrong = |what: String| SignError::Kms { key: key.to_owned(), what };
    let said = |action: &str, error: &dyn std::error::Error| {
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        wrong(format!("{cause}; the sign identity needs {action} on it"))
    };
    let public = client.get_public_key().key_id(key).send().await.map_err(|error| said("kms:GetPublicKey", &error))?;
    let der = public.public_key().map(|blob| blob.as_ref().to_vec()).unwrap_or_default();
    // SubjectPublicKeyInfo of a P-256 key ends in the 65 bytes of the uncompressed point (RFC 5480, section 2.2).
    let point = der.len().checked_sub(65).and_then(|start| der.get(start..)).filter(|point| point.first() == Some(&4));
    let point =
        point.ok_or_else(|| wrong("is not of type ECC_NIST_P256; create one with key usage SIGN_VERIFY".to_owned()))?;
    let ecdsa = EcdsaPublicKey::from_sec1_bytes(point)
        .map_err(|error| wrong(format!("its public key cannot be read: {error}")))?;
    if ecdsa.curve() != EcdsaCurve::NistP256 {
        return Err(wrong("is not of type ECC_NIST_P256".to_owned()));
    }
    let to_sign = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, message)?;
    let answer = client
        .sign()
        .key_id(key)
        // The blob is some hundred bytes (namespace and digest), far below the 4,096 that KMS takes and hashes itself.
        .message(Blob::new(to_sign))
        .message_type(MessageType::Raw)
        .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
        .send()
        .await
        .map_err(|error| said("kms:Sign", &error))?;
    let der = answer.signature().map(|blob| blob.as_ref().to_vec()).unwrap_or_default();
    let raw = ssh_ecdsa(&der).ok_or_else(|| wrong("answered with a signature that is not DER".to_owned()))?;
    let signature = Signature::new(Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 }, raw)?;
    let key_data = KeyData::Ecdsa(ecdsa);
    let sshsig = SshSig::new(key_data.clone(), NAMESPACE, HashAlg::Sha512, signature)?;
    let public = PublicKey::new(key_data, format!("farwatch {key}"));
    Ok(Signed { signature: sshsig.to_pem(LineEnding::LF)?, public_key: public.to_openssh()? + "\n" })
}

/// DER `SEQUENCE { INTEGER r, INTEGER s }` (RFC 3279, section 2.2.3) → SSH `mpint r, mpint s` (RFC 5656, section 3.1.2).
fn ssh_ecdsa(der: &[u8]) -> Option<Vec<u8>> {
    fn integer(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let (tag, rest) = bytes.split_first()?;
        let (length, rest) = rest.split_first()?;
        // Integers of P-256 have at most 33 bytes: the short form of the length.
        (*tag == 2 && *length <= 33).then(|| rest.split_at_checked(usize::from(*length)))?
    }
    let (tag, rest) = der.split_first()?;
    let (_, rest) = rest.split_first()?;
    let (r, rest) = integer(rest)?;
    let (s, rest) = integer(rest)?;
    if *tag != 0x30 || !rest.is_empty() {
        return None;
    }
    let mut out = Vec::new();
    for number in [r, s] {
        // Both encodings are minimal two's complement, big end first.
        out.extend_from_slice(&u32::try_from(number.len()).ok()?.to_be_bytes());
        out.extend_from_slice(number);
    }
    Some(out)
}

/// Checks an armored signature of ours.
///
/// # Errors
/// [`SignError`] when it does not fit message and key.
pub fn verify(public_key: &str, signature: &str, message: &[u8]) -> Result<(), SignError> {
    let key = PublicKey::from_openssh(public_key)?;
    let signature = SshSig::from_pem(signature)?;
    Ok(key.verify(NAMESPACE, message, &signature)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_becomes_ssh() {
        let der = [0x30, 0x08, 0x02, 0x02, 0x00, 0x81, 0x02, 0x02, 0x01, 0x02];
        assert_eq!(ssh_ecdsa(&der), Some(vec![0, 0, 0, 2, 0x00, 0x81, 0, 0, 0, 2, 0x01, 0x02]));
        assert_eq!(ssh_ecdsa(&der[..7]), None);
        assert_eq!(ssh_ecdsa(&[]), None);
    }
}
