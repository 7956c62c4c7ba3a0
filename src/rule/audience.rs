//! The audience of a policy: facts about people, beside those of their supplier.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rule::vocabulary::{FactEntry, FactOwner, FactType, Vocabulary};

/// Staff or supplier.
pub const AFFILIATION: &str = "person.affiliation";
/// What the person does for us.
pub const ROLES: &str = "person.roles";

/// Values of [`AFFILIATION`].
pub const AFFILIATIONS: [&str; 2] = ["staff", "supplier"];
/// Values of [`ROLES`].
pub const ROLE_WORDS: [&str; 9] = ["user", "administrator", "data_handler", "coordinator", "signatory", "escalation", "security", "privacy", "business"];

/// Who must acknowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AcknowledgedBy {
    /// Each person of the audience for themselves.
    Person,
    /// One authorised signatory for each supplier.
    Company,
    /// Both.
    Both,
}

/// A vocabulary in which the condition of an audience is written: facts of the supplier and of the person.
///
/// A fact of the supplier has no value for our staff; `person.affiliation == "supplier" && …` decides without it.
pub fn with_people(vocabulary: &Vocabulary) -> Vocabulary {
    let entry = |kind: FactType, values: &[&str], doc: &str| FactEntry {
        r#type: kind,
        origin: FactOwner::Profile,
        values: values.iter().map(|&v| v.to_owned()).collect(),
        unknown_allowed: false,
        unknown_counts_as: None,
        doc: doc.to_owned(),
    };
    let people = BTreeMap::from([
        (AFFILIATION.to_owned(), entry(FactType::Enum, &AFFILIATIONS, "Whether the person is our staff or a supplier's.")),
        (ROLES.to_owned(), entry(FactType::Set, &ROLE_WORDS, "What the person does for us.")),
    ]);
    // Implications and contradictions are applied to the facts of the supplier, before those of the person join them.
    Vocabulary { facts: vocabulary.facts.clone().into_iter().chain(people).collect(), ..Vocabulary::default() }
}
