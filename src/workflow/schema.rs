//! `schema`: the JSON Schema of every file kind, from the types that read them.

use schemars::schema_for;
use serde_json::Value;

use crate::compliance::completions::DrillFile;
use crate::compliance::course::Course;
use crate::compliance::people_file::PeopleFile;
use crate::contract::approval::ApprovalFile;
use crate::contract::clause::Front;
use crate::contract::entity::Workspace;
use crate::contract::intake::Intake;
use crate::contract::library::ProperNames;
use crate::contract::outline::{Outline, PackOutline};
use crate::contract::parameter::Registry;
use crate::contract::place::Places;
use crate::contract::profile::Profile;
use crate::contract::requirement::{CatalogueFile, DeadlineFile};
use crate::contract::risk::ModelFile;
use crate::pack::manifest::Manifest;
use crate::pack::terms::Terms;
use crate::rule::decision::Decision;
use crate::rule::vocabulary::VocabularyFile;

/// File kinds with their schemas as text, in the order in which `schema` lists them.
pub fn all() -> Vec<(&'static str, String)> {
    let kinds = [
        ("workspace", schema_for!(Workspace)),
        ("profile", schema_for!(Profile)),
        ("archetype", schema_for!(Profile)),
        ("decision", schema_for!(Decision)),
        ("approvals", schema_for!(ApprovalFile)),
        ("intake", schema_for!(Intake)),
        ("people", schema_for!(PeopleFile)),
        ("course", schema_for!(Course)),
        ("drill", schema_for!(DrillFile)),
        ("clause", schema_for!(Front)),
        ("outline", schema_for!(Outline)),
        ("pack-outline", schema_for!(PackOutline)),
        ("parameters", schema_for!(Registry)),
        ("vocabulary", schema_for!(VocabularyFile)),
        ("risk-model", schema_for!(ModelFile)),
        ("places", schema_for!(Places)),
        ("proper-names", schema_for!(ProperNames)),
        ("requirements", schema_for!(CatalogueFile)),
        ("incident-deadlines", schema_for!(DeadlineFile)),
        ("manifest", schema_for!(Manifest)),
        ("terms", schema_for!(Terms)),
    ];
    kinds.into_iter().map(|(kind, schema)| (kind, text(kind, schema.to_value()))).collect()
}

/// The schema of one kind.
pub fn of(kind: &str) -> Option<String> {
    all().into_iter().find(|(name, _)| *name == kind).map(|(_, text)| text)
}

fn text(kind: &str, schema: Value) -> String {
    let mut schema = schema;
    if kind == "archetype" {
        optional(&mut schema);
    }
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// An archetype is part of a profile: nothing in it is mandatory.
fn optional(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.remove("required");
            members.values_mut().for_each(optional);
        }
        Value::Array(items) => items.iter_mut().for_each(optional),
        _ => {}
    }
}
