//! `pack execute`: a document came back signed.

use std::path::PathBuf;

use crate::base::date::Date;
use crate::base::digest::Digest;
use crate::contract::lifecycle::{PackRecord, PackState};
use crate::contract::milestone::{Comparison, Side, Signature, Signing};
use crate::contract::permission::Refusal;
use crate::record::Event;
use crate::workflow::packs::{Desk, PackError, bytes, day, named, text};
use crate::workflow::register::RegisterError;

/// A signed document, as it is brought.
#[derive(Debug, Clone)]
pub struct SigningOrder {
    /// Id or folder of the pack.
    pub pack: String,
    /// File name of the document, or its kind.
    pub document: String,
    /// The signed file.
    pub file: PathBuf,
    /// Who signed.
    pub signatures: Vec<Signature>,
    /// How, in a word.
    pub method: String,
    /// The day from which it has effect; the day of the last signature when absent and both sides have signed.
    pub effective: Option<Date>,
}

/// What was recorded, and how everything stands now.
#[derive(Debug, Clone)]
pub struct Executed {
    /// What was recorded.
    pub signing: Signing,
    /// How the document stands.
    pub document: PackState,
    /// How the pack stands.
    pub pack: PackState,
}

impl Desk {
    /// Keeps a signed file and records who signed it and how it relates to what was issued.
    ///
    /// # Errors
    /// The rules of [`PackRecord::may_sign`], the same file with the same signatures twice, an entity that is no longer there.
    pub fn execute(&mut self, order: &SigningOrder) -> Result<Executed, PackError> {
        let signatures = order.signatures.iter().map(readable).collect::<Result<Vec<_>, _>>()?;
        let method = method(&order.method)?;
        let (pack, _) = named(self.contracts(), &order.pack)?;
        let signed = bytes(&order.file)?;
        let workspace = &self.compiler.workspace.value;
        let signing = self.register.change(|before, draft| {
            let record = before.state.contracts.find(&pack)?;
            let document = record.document(&order.document)?;
            let entity = workspace.entities.get(record.entity()).ok_or_else(|| {
                let message = format!("there is no entity `{}` in `countersign.yaml`", record.entity());
                Refusal::new(message, "an entity that has contracts stays under `entities`")
            })?;
            record.may_sign(document, &signatures, &entity.signing, day(workspace, record.entity(), before.now))?;
            let issued = before.view.file(&document.sha256)?.filter(|bytes| Digest::of(bytes) == document.sha256);
            let issued = issued.ok_or_else(|| RegisterError::integrity(format!("file {}", document.sha256), "it is missing or was changed"))?;
            let comparison = Comparison::of(&issued, &signed);
            let file = draft.keep(signed);
            if record.signings.iter().any(|s| s.what.document == document.file && s.what.file == file && s.what.signatures == signatures) {
                let message = format!("these signatures on `{}` were recorded already, from the same file", document.file);
                return Err(RegisterError::refused(message, format!("see `countersign pack show {pack}`")));
            }
            let effective = order.effective.or_else(|| last_signature(record, &document.file, &signatures));
            let (document, issued) = (document.file.clone(), document.sha256.clone());
            let signing = Signing { pack, document, issued, file, comparison, signatures, method, effective };
            draft.record(Event::PackSigned(Box::new(signing.clone())));
            Ok(signing)
        })?;
        let record = self.contracts().find(&signing.pack)?;
        Ok(Executed { document: record.document_state(&signing.document), pack: record.state(), signing })
    }
}

/// The day of the last signature, once both sides have signed and nobody said another.
fn last_signature(record: &PackRecord, document: &str, signatures: &[Signature]) -> Option<Date> {
    let all: Vec<&Signature> = record.signatures(document).chain(signatures).collect();
    let both = [Side::Ours, Side::Theirs].iter().all(|side| all.iter().any(|s| s.party == *side));
    let stated = record.signings.iter().any(|s| s.what.document == document && s.what.effective.is_some());
    if both && !stated { all.iter().map(|s| s.date).max() } else { None }
}

/// A method is one word, so that it can be counted.
fn method(given: &str) -> Result<String, Refusal> {
    let valid = !given.is_empty() && given.len() <= 40 && given.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if valid { Ok(given.to_owned()) } else { Err(Refusal::new(format!("`{given}` is no method"), "one word in lower case, for example `wet_ink` or `esign`")) }
}

fn readable(signature: &Signature) -> Result<Signature, Refusal> {
    let name = text("the name of a signatory", &signature.name)?;
    Ok(Signature { name, title: text("the title of a signatory", &signature.title)?, ..signature.clone() })
}
