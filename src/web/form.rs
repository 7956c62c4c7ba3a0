//! Forms as browsers send them (`application/x-www-form-urlencoded`), read strictly.

use std::collections::BTreeMap;

/// The fields that our forms have.
const FIELDS: [&str; 6] = ["nonce", "name", "code", "reason", "email", "handover_reason"];

/// The fields of a form.
#[derive(Debug, Default)]
pub(super) struct Form(BTreeMap<&'static str, String>);

impl Form {
    /// Reads a form; `None` for a body that is no UTF-8, or names a field twice. Fields that are not ours are passed over.
    ///
    /// Line ends become line feeds.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            let Some(field) = FIELDS.into_iter().find(|field| *field == name) else { continue };
            // The parser writes U+FFFD where bytes are no UTF-8; nobody types that.
            let is_text = !value.contains(char::REPLACEMENT_CHARACTER);
            if !is_text || fields.insert(field, value.replace("\r\n", "\n")).is_some() {
                return None;
            }
        }
        Some(Self(fields))
    }

    /// A field; empty when it is not there.
    pub(super) fn get(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn form_is_read_strictly() {
        let form = Form::read(b"name=J%C3%BCrgen+Wei%C3%9F&x=1&reason=a%0D%0Ab").unwrap();
        assert_eq!((form.get("name"), form.get("reason"), form.get("x"), form.get("code")), ("Jürgen Weiß", "a\nb", "", ""));
        assert!(Form::read(b"name=a&name=b").is_none(), "twice");
        assert!(Form::read(b"name=%FF").is_none(), "no UTF-8");
    }
}
