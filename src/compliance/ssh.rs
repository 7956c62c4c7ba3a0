//! Public keys in OpenSSH form, checked roughly: enough to refuse what was pasted by mistake.
//!
//! Never does: decide whether a key can be used to sign. That is checked where signatures are.

use crate::base::encode::unbase64;

/// Kinds of keys that OpenSSH writes; which of them may sign is decided elsewhere.
const ALGORITHMS: [&str; 7] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// Why a text is no public key in OpenSSH form, as a help line, or `None` when it seems to be one.
///
/// The form is the algorithm, the key in base64, which begins with the length and the name of the algorithm once more (RFC 4253, 6.6),
/// and a comment.
///
/// ```
/// use countersign::compliance::ssh::fault;
/// assert!(fault("-----BEGIN OPENSSH PRIVATE KEY-----").unwrap().contains("never"));
/// ```
pub fn fault(text: &str) -> Option<&'static str> {
    if text.contains("PRIVATE KEY") {
        return Some("this is a private key, which never leaves its owner; make a new pair and write the line of the file that ends with `.pub`");
    }
    let mut words = text.split(' ');
    let (algorithm, blob) = (words.next().unwrap_or_default(), words.next().and_then(unbase64).unwrap_or_default());
    let name = algorithm.as_bytes();
    let named = blob.len() > 4 + name.len() && blob[..3] == [0, 0, 0] && usize::from(blob[3]) == name.len() && blob[4..].starts_with(name);
    let is_key = ALGORITHMS.contains(&algorithm) && named;
    (!is_key).then_some("write the line of the file that ends with `.pub`, for example `ssh-ed25519 AAAAC3Nz… ann@example.org`")
}

/// What makes a key itself: the line without its comment.
pub(crate) fn bare(line: &str) -> String {
    line.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{bare, fault};
    use crate::base::encode::base64;

    #[test]
    fn keys_are_told_from_other_texts() {
        let blob = |name: &str, length: u8| base64(&[&[0, 0, 0, length], name.as_bytes(), &[0, 0, 0, 32], &[7; 32]].concat());
        let sound = format!("ssh-ed25519 {} ann@example.org", blob("ssh-ed25519", 11));
        assert_eq!(fault(&sound), None);
        assert_eq!(fault(&bare(&sound)), None);
        for broken in [
            String::new(),
            "ssh-ed25519".to_owned(),
            "ssh-ed25519 AAAA".to_owned(),
            format!("ssh-ed25519  {}", blob("ssh-ed25519", 11)),
            format!("ssh-ed25519 {}", blob("ssh-ed25519", 12)),
            format!("ssh-ed25519 {}", blob("ssh-rsa", 7)),
            format!("ssh-dss {}", blob("ssh-dss", 7)),
            format!("command=\"x\" {sound}"),
        ] {
            assert!(fault(&broken).is_some(), "{broken:?}");
        }
    }
}
