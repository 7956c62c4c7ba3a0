//! Texts that stay on their line.

use crate::outbox::compose::ComposeError;

/// Most characters of a name in a header; with more, one word could not be folded below the 998 of RFC 5322, section 2.1.1.
const LONGEST_NAME: usize = 120;
/// Most characters of a subject. No reader shows more; the body has it all.
const LONGEST_SUBJECT: usize = 240;
/// Longest address in bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets).
const LONGEST_ADDRESS: usize = 254;

/// A text on one line: white space and controls become single spaces, and what turns the direction of the text around it is
/// taken out, so that no value can pretend to be another line or another value.
pub(super) fn one_line(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let words = text.split(|c: char| c.is_whitespace() || c.is_control() || turns(c)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// A name for a header, cut to a length that no mail server minds.
pub(super) fn header_name(text: &str) -> String {
    header(text, LONGEST_NAME)
}

/// A subject for a header.
pub(super) fn header_subject(text: &str) -> String {
    header(text, LONGEST_SUBJECT)
}

/// An encoded word (RFC 2047) that somebody wrote as a name would be decoded by readers; a space takes its meaning away.
fn header(text: &str, most: usize) -> String {
    let line = one_line(text).replace("=?", "= ?");
    if line.chars().count() <= most {
        return line;
    }
    let mut cut: String = line.chars().take(most - 1).collect();
    cut.truncate(cut.trim_end().len());
    cut + "…"
}

/// An address as it travels: ASCII, with a domain in its ASCII form (RFC 5891).
///
/// An address literal needs its brackets. Local parts with spaces or letters outside ASCII are refused: the one is an old
/// oddity, the other needs a server with SMTPUTF8 on every hop.
pub(super) fn address(role: &'static str, text: &str) -> Result<lettre::Address, ComposeError> {
    let refused = || ComposeError::Address { role, address: one_line(text) };
    let (local, domain) = text.rsplit_once('@').ok_or_else(refused)?;
    let domain = if domain.is_ascii() { domain.to_owned() } else { idna::domain_to_ascii(domain).map_err(|_| refused())? };
    let is_plain = local.bytes().chain(domain.bytes()).all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'\\'));
    let is_bare_number = domain.parse::<std::net::IpAddr>().is_ok();
    if !is_plain || is_bare_number || local.len() + domain.len() >= LONGEST_ADDRESS {
        return Err(refused());
    }
    lettre::Address::new(local, domain).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::{address, header_name, header_subject, one_line};

    #[test]
    fn a_line_stays_a_line() {
        assert_eq!(one_line(" Anna\r\nBcc: x@y\u{2028}\u{0} \u{202e}Weiß "), "Anna Bcc: x@y Weiß");
    }

    #[test]
    fn a_name_that_is_an_encoded_word_is_not_decoded() {
        assert_eq!(header_name("=?utf-8?q?evil?="), "= ?utf-8?q?evil?=");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(header_name(&"ü".repeat(500)).chars().count(), 120);
        assert_eq!(header_subject(&"ü".repeat(500)).chars().count(), 240);
    }

    #[test]
    fn addresses_travel_in_ascii() {
        let good = [("anna@example.org", "anna@example.org"), ("anna@müller.example", "anna@xn--mller-kva.example"), ("a+b@[127.0.0.1]", "a+b@[127.0.0.1]")];
        for (written, sent) in good {
            assert_eq!(address("recipient", written).unwrap().to_string(), sent);
        }
        let long = format!("{}@example.org", "a".repeat(300));
        for bad in ["", "anna", "anna@", "@example.org", "a b@example.org", "a@b\r\nRCPT TO:<c@d>", "a>@example.org", "änna@example.org", "a@127.0.0.1", &long]
        {
            assert!(address("recipient", bad).is_err(), "{bad}");
        }
    }
}
