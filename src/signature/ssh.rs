//! Signatures made with `ssh-keygen -Y sign`. The one home of crate `ssh-key`.

use ssh_key::public::KeyData;
use ssh_key::{HashAlg, LineEnding, PublicKey, SshSig};

/// The namespace that a signature must name (`ssh-keygen -Y sign -n …`), so that one made for another purpose counts for nothing here.
pub const NAMESPACE: &str = "acknowledgment@countersign";

/// Longest armoured signature that is read, in bytes; one with a certificate would be shorter.
const MAX_SIGNATURE: usize = 16_384;

/// Version of the signature format (OpenSSH's PROTOCOL.sshsig, section 2).
const VERSION: u32 = 1;

/// A signature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshProof {
    /// Fingerprint of the key, `SHA256:…`.
    pub fingerprint: String,
    /// Algorithm of the key, for example `ssh-ed25519`.
    pub algorithm: String,
}

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SshRefusal {
    /// Not an armoured SSH signature.
    #[error("it is no SSH signature: {0}")]
    Form(String),
    /// Made for another purpose.
    #[error("the signature was made for the namespace `{0}`, not for `{NAMESPACE}`")]
    Namespace(String),
    /// The register does not know the key as the person's.
    #[error("the key `{0}` is not registered for this person")]
    Key(String),
    /// The signature does not fit the statement.
    #[error("the signature does not fit the statement: {0}")]
    Signature(String),
    /// A kind of key that is not accepted.
    #[error("keys of the kind `{0}` are not accepted; ed25519 and ECDSA over P-256 or P-384 are")]
    Algorithm(String),
}

/// Checks an armoured signature over a statement against the keys that are registered for a person.
///
/// # Errors
/// [`SshRefusal`] with the first reason; a key of an unknown kind among the registered ones is passed over.
///
/// ```
/// use countersign::signature::ssh::{SshRefusal, verify};
/// assert!(matches!(verify("text", "no signature", &[]), Err(SshRefusal::Form(_))));
/// ```
pub fn verify(statement: &str, armoured: &str, registered: &[String]) -> Result<SshProof, SshRefusal> {
    let signature = read(armoured)?;
    let known = registered.iter().filter_map(|line| PublicKey::from_openssh(line.trim()).ok());
    let key = known.into_iter().find(|key| key.key_data() == signature.public_key());
    judge(statement, &signature, &key.ok_or_else(|| SshRefusal::Key(fingerprint(signature.public_key())))?)
}

/// Checks an armoured signature over a statement by the key with a fingerprint: whose key that is, somebody else must have recorded.
///
/// # Errors
/// As [`verify`].
pub fn verify_by(statement: &str, armoured: &str, expected: &str) -> Result<SshProof, SshRefusal> {
    let signature = read(armoured)?;
    let found = fingerprint(signature.public_key());
    if found != expected {
        return Err(SshRefusal::Key(found));
    }
    judge(statement, &signature, &PublicKey::from(signature.public_key().clone()))
}

fn read(armoured: &str) -> Result<SshSig, SshRefusal> {
    if armoured.len() > MAX_SIGNATURE {
        return Err(SshRefusal::Form(format!("it is longer than {MAX_SIGNATURE} bytes")));
    }
    let signature = SshSig::from_pem(armoured.trim_start()).map_err(|error| SshRefusal::Form(error.to_string()))?;
    // Base64 has unused bits at its end; a signature has one spelling all the same, whatever the width of its lines.
    let body = |text: &str| text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect::<String>();
    if !signature.to_pem(LineEnding::LF).is_ok_and(|again| body(&again) == body(armoured)) {
        return Err(SshRefusal::Form("it is not spelled as `ssh-keygen` spells it".to_owned()));
    }
    // The signature does not cover the version of its own format, and readers take an older one for the newest.
    if signature.version() != VERSION {
        return Err(SshRefusal::Form(format!("version {} of the format is unknown, {VERSION} is read", signature.version())));
    }
    if signature.namespace() != NAMESPACE {
        return Err(SshRefusal::Namespace(signature.namespace().chars().take(100).collect()));
    }
    Ok(signature)
}

fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

fn judge(statement: &str, signature: &SshSig, key: &PublicKey) -> Result<SshProof, SshRefusal> {
    let algorithm = key.algorithm().as_str().to_owned();
    if !is_accepted(&algorithm) {
        return Err(SshRefusal::Algorithm(algorithm));
    }
    key.verify(NAMESPACE, statement.as_bytes(), signature).map_err(|error| SshRefusal::Signature(error.to_string()))?;
    Ok(SshProof { fingerprint: fingerprint(signature.public_key()), algorithm })
}

fn is_accepted(algorithm: &str) -> bool {
    matches!(algorithm, "ssh-ed25519" | "sk-ssh-ed25519@openssh.com" | "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "sk-ecdsa-sha2-nistp256@openssh.com")
}

/// Checks that a line is a public key that can sign here, and returns its fingerprint.
///
/// # Errors
/// [`SshRefusal::Form`] for anything but an OpenSSH public key, [`SshRefusal::Algorithm`] for a kind that is not accepted.
pub fn check_key(line: &str) -> Result<String, SshRefusal> {
    let key = PublicKey::from_openssh(line.trim()).map_err(|error| SshRefusal::Form(error.to_string()))?;
    let algorithm = key.algorithm().as_str().to_owned();
    if is_accepted(&algorithm) { Ok(key.fingerprint(HashAlg::Sha256).to_string()) } else { Err(SshRefusal::Algorithm(algorithm)) }
}
