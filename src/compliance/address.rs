//! E-mail addresses to which mail can be sent and by which people are found.

/// Longest address in bytes (RFC 5321, 4.5.3.1, with the erratum that RFC 3696 has on it).
pub const LONGEST: usize = 254;

/// Why a text is no address, or `None` when it is one.
///
/// One `@`, something on both sides, no white space, no empty part between dots, and none of the characters that separate or wrap
/// addresses in a header (RFC 5322, 3.2.3), so that one address can never become two. Quoted local parts are deliberately not accepted;
/// whether a mailbox is there, only a mail shows. Letters beyond ASCII are allowed (RFC 6531).
///
/// ```
/// use countersign::compliance::address::fault;
/// assert_eq!(fault("jörg.groß@beispiel.example"), None);
/// assert!(fault("a@b.example,c").is_some() && fault("a..b@c.example").is_some());
/// ```
pub fn fault(text: &str) -> Option<&'static str> {
    let mut sides = text.split('@');
    let (Some(local), Some(domain), None) = (sides.next(), sides.next(), sides.next()) else { return Some("an address has exactly one `@`") };
    if local.is_empty() || domain.is_empty() {
        return Some("an address has something on both sides of the `@`");
    }
    if text.len() > LONGEST {
        return Some("an address has at most 254 bytes");
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | ':' | '<' | '>' | '(' | ')' | '[' | ']' | '"' | '\\')) {
        return Some("write the bare address, without white space, brackets, quotes, commas");
    }
    (local.split('.').any(str::is_empty) || domain.split('.').any(str::is_empty)).then_some("a dot stands between two other characters")
}

/// The form in which addresses are compared: `Ann@Example.org` and `ann@example.org` are one mailbox.
pub fn folded(address: &str) -> String {
    address.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, fault};

    #[test]
    fn addresses_are_told_from_other_texts() {
        for sound in ["a@b", "ann.lee+policy@mail.example.org", "jörg@bücher.example", "o'neil@example.org"] {
            assert_eq!(fault(sound), None, "{sound}");
        }
        for broken in
            ["", "a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b c", "a\u{a0}@c", "a\u{7}@c", "a;b@c", "<a@b>", "Ann (a@b)", ".a@b", "a@b.", "a@b..c", "\"a\"@b"]
        {
            assert!(fault(broken).is_some(), "{broken:?}");
        }
        let longest = format!("{}@b.example", "a".repeat(LONGEST - 10));
        assert_eq!((longest.len(), fault(&longest)), (LONGEST, None));
        assert!(fault(&format!("a{longest}")).is_some());
    }
}
