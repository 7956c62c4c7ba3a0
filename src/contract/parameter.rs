//! The parameter registry (`parameters.yaml`) and the values of one pack.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::date::Date;
use crate::base::decode::{decode, parse_number};
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::node::Node;
use crate::base::source::Place;
use crate::base::suggest;
use crate::contract::entity::Entity;
use crate::contract::figures::FigureRuleText;
use crate::contract::profile::{Override, Profile, Severity};
use crate::contract::requirement::{Deadline, Requirement};
use crate::contract::risk::Tier;
use crate::rule::fact::Facts;

/// The family whose figure `incident-deadlines.yaml` bounds.
pub(super) const INCIDENT_NOTICE: &str = "incident_notice";

/// Type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    /// A whole number with a unit.
    Integer,
    /// A decimal number with a unit.
    Decimal,
    /// Whole units of the contract's currency.
    Money,
    /// One of the listed values.
    Enum,
    /// Yes or no.
    Boolean,
    /// Words.
    Text,
    /// A list of words.
    List,
}

/// Which side wins where several sources give a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stricter {
    /// The smaller.
    Lower,
    /// The larger.
    Higher,
    /// Neither: they must agree.
    None,
}

impl Stricter {
    /// Tells whether a figure is strictly stricter than another.
    fn prefers(self, figure: f64, other: f64) -> bool {
        match self {
            Self::Lower => figure < other,
            Self::Higher => figure > other,
            Self::None => false,
        }
    }
}

/// A bound with the requirements that set it.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// The figure.
    pub value: f64,
    /// Ids of requirements; the bound holds where one of them applies.
    pub by: Vec<String>,
}

/// Bounds of a parameter.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Refused below.
    pub legal_min: Option<Bound>,
    /// Refused above.
    pub legal_max: Option<Bound>,
    /// Needs a recorded decision below.
    pub advisory_min: Option<Bound>,
    /// Needs a recorded decision above.
    pub advisory_max: Option<Bound>,
}

/// One parameter of the registry.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its type.
    pub r#type: ParameterType,
    /// Its unit, a key of `units`.
    pub unit: Option<String>,
    /// Values of an enum.
    #[serde(default)]
    pub values: Vec<String>,
    /// How enum values are printed.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
    /// Which side wins.
    pub stricter: Stricter,
    /// One value for all tiers, or one by tier; null where a tier has none.
    pub default: Value,
    /// Bounds.
    #[serde(default)]
    pub bounds: Bounds,
}

/// How a unit is printed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// After 1.
    pub one: String,
    /// After every other number.
    pub many: String,
    /// Printed as `5th`.
    #[serde(default)]
    pub ordinal: bool,
}

/// One quantity under several names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Unit that the members share.
    pub unit: String,
    /// The parameters.
    pub members: Vec<String>,
}

/// Severities by tier.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeverityTable {
    names: Vec<String>,
    meanings: Vec<String>,
    response: BTreeMap<Tier, Vec<String>>,
    restore: BTreeMap<Tier, Vec<String>>,
}

/// Service credits: percent of the monthly fee per started step below the target, up to the cap.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditTable {
    /// Step in percentage points.
    pub step_percent_points: f64,
    /// Credit for each started step, in percent of the monthly fee.
    pub credit_percent: f64,
}

/// Tables that a tier fills.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    /// Severities.
    pub severities: SeverityTable,
    /// Service credits.
    pub credits: CreditTable,
}

/// The registry.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Units.
    pub units: BTreeMap<String, Unit>,
    /// Tables that a tier fills.
    pub tables: Tables,
    /// Families.
    pub families: BTreeMap<String, Family>,
    /// What figures must be to each other.
    #[serde(default)]
    pub rules: Vec<FigureRuleText>,
    /// Parameters by name.
    pub parameters: BTreeMap<String, Parameter>,
    /// Where the bounds of each parameter are written.
    #[serde(skip)]
    bounds: BTreeMap<String, Place>,
}

/// The value of a parameter in one pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterValue {
    /// The bare number or word.
    pub bare: String,
    /// The value of an enum as files write it; empty for other types.
    #[serde(skip)]
    pub word: String,
    /// As printed, with its unit.
    pub text: String,
    /// Where it comes from, in words. Stays inside.
    pub origin: String,
    /// Where it was written, when somebody wrote it.
    #[serde(skip)]
    pub place: Option<Place>,
}

/// A value of the right type, before it is printed.
#[derive(Debug, Clone, PartialEq)]
enum Typed {
    Number(f64),
    Word(String),
    Words(Vec<String>),
}

/// A parameter that the profile states in a field of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The parameter.
    pub parameter: &'static str,
    /// Its value as text.
    pub value: String,
    /// The field.
    pub field: &'static str,
}

/// The parameters that the description of the service states.
pub fn stated(profile: &Profile) -> Vec<Stated> {
    let Some(service) = &profile.service else { return Vec::new() };
    let hours = |hours: Option<u32>| hours.map(|h| h.to_string());
    let fields = [
        ("service_hours", service.hours.clone(), "service.hours"),
        ("support_hours", service.support_hours.clone(), "service.support_hours"),
        ("maintenance_window", service.maintenance.clone(), "service.maintenance"),
        ("measurement_source", service.measurement.clone(), "service.measurement"),
        ("rpo_hours", hours(service.rpo_hours), "service.rpo_hours"),
        ("rto_hours", hours(service.rto_hours), "service.rto_hours"),
    ];
    fields.into_iter().filter_map(|(parameter, value, field)| value.map(|value| Stated { parameter, value, field })).collect()
}

/// What a profile says of values.
#[derive(Clone, Copy)]
pub struct Spoken<'a> {
    /// Negotiated overrides.
    pub overrides: &'a BTreeMap<String, Override>,
    /// What the description of the service states.
    pub stated: &'a [Stated],
    /// Where it is written.
    pub node: &'a Node,
}

/// What the values of a pack depend on.
pub struct Setting<'a> {
    /// The tier of the pack, or the fixed tier of a document that is signed before the assessment.
    pub tier: Tier,
    /// Our entity and where its parameters are written; none for the figures of the library alone.
    pub entity: Option<(&'a Entity, &'a Node, &'a str)>,
    /// What the profile says; none where there is no supplier.
    pub profile: Option<Spoken<'a>>,
    /// The facts.
    pub facts: &'a Facts,
    /// The catalogue, by id.
    pub requirements: &'a BTreeMap<String, Requirement>,
    /// Incident deadlines.
    pub deadlines: &'a [Deadline],
    /// Date of the pack.
    pub date: Date,
    /// Currency of money parameters.
    pub currency: &'a str,
    /// Whether families and incident deadlines apply (not in a document with a fixed tier).
    pub families: bool,
}

impl Registry {
    /// Reads the registry and checks every default against its type, unit and family.
    pub fn read(node: &Node, report: &mut Report) -> Option<Self> {
        let mut registry: Self = decode(node, report)?;
        registry.bounds = registry.parameters.keys().map(|name| (name.clone(), node.place_of(&format!("parameters.{name}.bounds")))).collect();
        for (name, parameter) in &registry.parameters {
            let place = node.place_of(&format!("parameters.{name}"));
            if let Some(unit) = parameter.unit.as_ref().filter(|u| !registry.units.contains_key(*u)) {
                let help = suggest::help(unit, registry.units.keys().map(String::as_str));
                report.push(Diagnostic::error("unknown-unit", format!("`{name}` has the unit `{unit}`, which is not declared")).at(&place).help(help));
            }
            let wrong = |tier: &Tier| parameter.default_for(*tier).is_some_and(|value| parameter.typed(value).is_none());
            let wrong: Vec<&str> = Tier::ALL.iter().filter(|tier| wrong(tier)).map(|tier| tier.word()).collect();
            if !wrong.is_empty() {
                let of = if wrong.len() < Tier::ALL.len() { format!(" for {}", wrong.join(", ")) } else { String::new() };
                let message = format!("the default of `{name}`{of} is not {}", parameter.expected());
                let help = "write one value, or one for each tier";
                report.push(Diagnostic::error("wrong-type", message).at(&node.place_of(&format!("parameters.{name}.default"))).help(help));
            }
        }
        for (name, family) in &registry.families {
            for (at, member) in family.members.iter().enumerate().filter(|(_, m)| !registry.parameters.contains_key(*m)) {
                let place = node.place_of(&format!("families.{name}.members[{at}]"));
                let help = suggest::help(member, registry.parameters.keys().map(String::as_str));
                report.push(Diagnostic::error("unknown-parameter", format!("there is no parameter `{member}`")).at(&place).help(help));
            }
        }
        Some(registry)
    }

    /// Which side of a parameter is the stricter one.
    pub(super) fn stricter(&self, name: &str) -> Stricter {
        self.parameters.get(name).map_or(Stricter::None, |parameter| parameter.stricter)
    }

    /// A parameter with another figure than it was resolved to.
    pub fn reprint(&self, name: &str, figure: f64, origin: String, currency: &str) -> ParameterValue {
        self.print(name, &Typed::Number(figure), origin, None, currency)
    }

    /// The family of a parameter.
    pub fn family_of(&self, name: &str) -> Option<(&str, &Family)> {
        self.families.iter().find(|(_, f)| f.members.iter().any(|m| m == name)).map(|(n, f)| (n.as_str(), f))
    }

    /// Severities of a tier.
    pub fn severities(&self, tier: Tier) -> Vec<Severity> {
        let table = &self.tables.severities;
        let cell =
            |column: &BTreeMap<Tier, Vec<String>>, at: usize| column.get(&tier).and_then(|c| c.get(at)).cloned().unwrap_or_else(|| "as agreed".to_owned());
        let rows = table.names.iter().zip(&table.meanings).enumerate();
        rows.map(|(at, (name, meaning))| Severity {
            name: name.clone(),
            meaning: meaning.clone(),
            response: cell(&table.response, at),
            restore: cell(&table.restore, at),
        })
        .collect()
    }

    /// Checks that every overridden parameter exists and has a value of its type.
    pub fn check_overrides(&self, overrides: &BTreeMap<String, Override>, node: &Node, report: &mut Report) {
        for (name, stated) in overrides {
            let place = node.place_of(&format!("overrides.{name}.value"));
            self.check_value(name, &stated.value, &place, report);
        }
    }

    /// Checks the parameter values of an entity.
    pub fn check_entity(&self, entity: &Entity, id: &str, node: &Node, report: &mut Report) {
        for (name, value) in &entity.parameters {
            let place = node.place_of(&format!("entities.{id}.parameters.{name}"));
            self.check_value(name, value, &place, report);
        }
    }

    fn check_value(&self, name: &str, value: &Value, place: &Place, report: &mut Report) {
        match self.parameters.get(name) {
            None => {
                let near = suggest::nearest(name, self.parameters.keys().map(String::as_str));
                let help = near.map_or_else(|| "the parameters are listed in `parameters.yaml`".to_owned(), |near| format!("did you mean `{near}`?"));
                report.push(Diagnostic::error("unknown-parameter", format!("there is no parameter `{name}`")).at(place).help(help));
            }
            Some(parameter) if parameter.typed(value).is_none() => {
                report.push(Diagnostic::error("wrong-type", format!("`{name}` must be {}", parameter.expected())).at(place));
            }
            Some(_) => {}
        }
    }

    /// Gives every parameter in play its value for one pack.
    ///
    /// Order: the tier's default, the entity's value, the negotiated override; then the strictest of the family; then the bounds.
    ///
    /// # Errors
    /// Reports `out-of-bounds` for a written figure outside a legal bound that applies, and a warning outside an advisory one.
    /// A default outside a legal bound is moved to the bound.
    pub fn resolve(&self, in_play: &BTreeSet<String>, setting: &Setting<'_>, report: &mut Report) -> BTreeMap<String, ParameterValue> {
        let mut typed: BTreeMap<&str, (Typed, String, Option<Place>)> = BTreeMap::new();
        for (name, parameter) in self.parameters.iter().filter(|(n, _)| in_play.contains(*n)) {
            if let Some(found) = self.source(name, parameter, setting, report) {
                typed.insert(name, found);
            }
        }
        if setting.families {
            for (family, members) in &self.families {
                self.unify(family, members, &mut typed, setting, report);
            }
        }
        for (name, (value, origin, place)) in &mut typed {
            if let Typed::Number(figure) = value
                && let Some((bounded, why)) = self.bounded(name, *figure, place.as_ref(), setting, report)
            {
                *figure = bounded;
                *origin = why;
            }
        }
        self.check_bounds(&typed, setting, report);
        typed.into_iter().map(|(name, (value, origin, place))| (name.to_owned(), self.print(name, &value, origin, place, setting.currency))).collect()
    }

    fn source(&self, name: &str, parameter: &Parameter, setting: &Setting<'_>, report: &mut Report) -> Option<(Typed, String, Option<Place>)> {
        if let Some((profile, negotiated)) = setting.profile.and_then(|profile| Some((profile, profile.overrides.get(name)?))) {
            let place = profile.node.place_of(&format!("overrides.{name}.value"));
            return Some((parameter.typed(&negotiated.value)?, format!("negotiated: {}", negotiated.reason), Some(place)));
        }
        if let Some((node, id, value)) = setting.entity.and_then(|(entity, node, id)| Some((node, id, entity.parameters.get(name)?))) {
            let place = node.place_of(&format!("entities.{id}.parameters.{name}"));
            return Some((parameter.typed(value)?, format!("value of entity `{id}`"), Some(place)));
        }
        let default = parameter.default_for(setting.tier).and_then(|value| parameter.typed(value));
        let default = default.map(|value| (value, format!("default for {}", setting.tier.word()), None));
        let stated = setting.profile.and_then(|profile| {
            let stated = profile.stated.iter().find(|stated| stated.parameter == name)?;
            let value = parameter.typed(&Value::String(crate::contract::values::clean(&stated.value)))?;
            Some((value, format!("stated in `{}`", stated.field), Some(profile.node.place_of(stated.field))))
        });
        // Of two figures the stricter wins; words of the profile replace words of the tier.
        match (&stated, &default) {
            (Some((Typed::Number(own), _, place)), Some((Typed::Number(usual), ..))) if parameter.stricter.prefers(*usual, *own) => {
                let message = format!("the profile states {own} for `{name}`; the contract says {usual}, the default of the tier, which is stricter");
                let help = format!("agree it with the supplier, or state {own} under `overrides` with a reason");
                report.push(Diagnostic::warning("stricter-default", message).at_opt(place.as_ref()).help(help));
                default
            }
            _ => stated.or(default),
        }
    }

    /// Gives all members of a family in play the strictest figure; a negotiated figure of one member stands for all.
    fn unify(&self, family: &str, members: &Family, typed: &mut BTreeMap<&str, (Typed, String, Option<Place>)>, setting: &Setting<'_>, report: &mut Report) {
        let present: Vec<&String> = members.members.iter().filter(|m| typed.contains_key(m.as_str())).collect();
        let Some(first) = present.first() else { return };
        let stricter = self.stricter(first);
        let figure = |name: &str| match typed.get(name) {
            Some((Typed::Number(n), origin, place)) => Some((*n, origin.clone(), place.clone())),
            _ => None,
        };
        let is_negotiated = |name: &str| setting.profile.is_some_and(|profile| profile.overrides.contains_key(name));
        let negotiated = present.iter().filter(|m| is_negotiated(m)).find_map(|m| figure(m));
        let pick = |a: (f64, String, Option<Place>), b: (f64, String, Option<Place>)| {
            if stricter.prefers(b.0, a.0) { b } else { a }
        };
        let Some(mut chosen) = negotiated.clone().or_else(|| present.iter().filter_map(|m| figure(m)).reduce(pick)) else { return };
        if family == INCIDENT_NOTICE {
            for deadline in setting.deadlines.iter().filter(|d| d.applies(setting.facts, setting.date)) {
                let row = &deadline.row;
                #[expect(clippy::cast_precision_loss, reason = "hours are far below 2^52")]
                let (suggested, most) = (row.supplier_suggested_hours as f64, row.supplier_max_hours as f64);
                if negotiated.is_none() && suggested < chosen.0 {
                    chosen = (suggested, format!("suggested for {} ({})", row.regime, row.id), None);
                }
                if chosen.0 > most {
                    let message = format!("incident notice of {} hours is more than the {most} hours that {} leaves", chosen.0, row.regime);
                    let diagnostic = if row.supplier_max_kind == "legal" {
                        Diagnostic::error("out-of-bounds", message)
                    } else {
                        Diagnostic::warning("out-of-bounds", message)
                    };
                    report.push(diagnostic.at_opt(chosen.2.as_ref()).help(format!("choose at most {most}, or record a decision")));
                }
            }
        }
        // A bound of one member binds them all: the strictest wins.
        for member in &present {
            if chosen.2.is_none()
                && let Some((bounded, why)) = self.bounded(member, chosen.0, None, setting, &mut Report::default())
            {
                chosen = (bounded, why, None);
            }
        }
        for member in present {
            if let Some(slot) = typed.get_mut(member.as_str()) {
                slot.0 = Typed::Number(chosen.0);
                if slot.1 != chosen.1 {
                    slot.1 = format!("one figure for {family}: {}", chosen.1);
                }
            }
        }
    }

    /// Bounds that hold at once leave each figure a value, and each family one.
    fn check_bounds(&self, typed: &BTreeMap<&str, (Typed, String, Option<Place>)>, setting: &Setting<'_>, report: &mut Report) {
        let figure = |name: &str| match typed.get(name) {
            Some((Typed::Number(figure), origin, None)) => Some((*figure, origin)),
            _ => None,
        };
        for name in typed.keys() {
            let Some((figure, origin)) = figure(name) else { continue };
            if let Some((_, why)) = self.bounded(name, figure, None, setting, &mut Report::default()) {
                let message = format!("the bounds of `{name}` leave it no value: {origin}, and {why}");
                report.push(Diagnostic::error("bounds-contradict", message).at_opt(self.bounds.get(*name)).help("no value can keep both: correct one of them"));
            }
        }
        for (family, members) in self.families.iter().filter(|_| setting.families) {
            let figures: Vec<(&str, f64)> = members.members.iter().filter_map(|name| Some((name.as_str(), figure(name)?.0))).collect();
            if let [(first, one), rest @ ..] = figures.as_slice()
                && let Some((other, figure)) = rest.iter().find(|(_, figure)| (figure - one).abs() > f64::EPSILON)
            {
                let message = format!("the bounds of `{first}` and `{other}` leave no one figure for {family}: {one} and {figure}");
                let mut fault = Diagnostic::error("bounds-contradict", message).at_opt(self.bounds.get(*first));
                fault.related.extend(self.bounds.get(*other).map(|place| (place.clone(), "the bounds of the other".to_owned())));
                report.push(fault.help("no figure can keep both: correct one of them"));
            }
        }
    }

    fn bounded(&self, name: &str, figure: f64, place: Option<&Place>, setting: &Setting<'_>, report: &mut Report) -> Option<(f64, String)> {
        let bounds = &self.parameters.get(name)?.bounds;
        let applies = |bound: &Bound| {
            let by = bound.by.iter().find(|id| setting.requirements.get(*id).is_some_and(|r| r.applies(setting.facts, setting.date)));
            by.cloned()
        };
        let mut moved = None;
        for (bound, is_max, legal) in
            [(&bounds.legal_min, false, true), (&bounds.legal_max, true, true), (&bounds.advisory_min, false, false), (&bounds.advisory_max, true, false)]
        {
            let Some(bound) = bound else { continue };
            let outside = if is_max { figure > bound.value } else { figure < bound.value };
            let Some(by) = outside.then(|| applies(bound)).flatten() else { continue };
            let side = if is_max { "at most" } else { "at least" };
            let message = format!("`{name}` is {figure}, `{by}` asks for {side} {}", bound.value);
            match (legal, place) {
                (true, None) => moved = Some((bound.value, format!("{side} {} by {by}", bound.value))),
                (true, Some(place)) => report.push(Diagnostic::error("out-of-bounds", message).at(place).help(format!("choose {side} {}", bound.value))),
                (false, place) => report.push(Diagnostic::warning("out-of-bounds", message).at_opt(place).help("a departure needs a recorded decision")),
            }
        }
        moved
    }

    fn print(&self, name: &str, value: &Typed, origin: String, place: Option<Place>, currency: &str) -> ParameterValue {
        let parameter = self.parameters.get(name);
        let mut word = String::new();
        let (bare, text) = match value {
            Typed::Number(figure) => {
                let bare = number_text(*figure);
                let unit = parameter.and_then(|p| p.unit.as_ref()).and_then(|u| self.units.get(u));
                let text = match (parameter.map(|p| p.r#type), unit) {
                    (Some(ParameterType::Money), _) => format!("{currency} {}", thousands(*figure)),
                    (_, Some(unit)) if unit.ordinal => format!("{} {}", ordinal(*figure), unit.many),
                    (_, Some(unit)) => {
                        let word = if (*figure - 1.0).abs() < f64::EPSILON { &unit.one } else { &unit.many };
                        if word.starts_with('%') { format!("{bare}{word}") } else { format!("{bare} {word}") }
                    }
                    (_, None) => bare.clone(),
                };
                (bare, text)
            }
            Typed::Word(own) => {
                word.clone_from(own);
                // A free text is printed as it was written; only the words of an enum have underscores for spaces.
                let free = parameter.is_some_and(|p| p.r#type == ParameterType::Text);
                let spaced = || if free { own.clone() } else { own.replace('_', " ") };
                let printed = parameter.and_then(|p| p.words.get(own)).cloned().unwrap_or_else(spaced);
                (printed.clone(), printed)
            }
            Typed::Words(words) => {
                let joined = enumerate(words);
                (joined.clone(), joined)
            }
        };
        ParameterValue { bare, word, text, origin, place }
    }
}

impl Parameter {
    /// The default of a tier.
    pub(super) fn default_for(&self, tier: Tier) -> Option<&Value> {
        let value = match &self.default {
            Value::Object(by_tier) => by_tier.get(tier.word())?,
            one => one,
        };
        (!value.is_null()).then_some(value)
    }

    fn typed(&self, value: &Value) -> Option<Typed> {
        match (self.r#type, value) {
            (ParameterType::Integer | ParameterType::Money, Value::String(text)) => figure(text, true),
            (ParameterType::Decimal, Value::String(text)) => figure(text, false),
            (ParameterType::Boolean, Value::String(text)) => match text.as_str() {
                "true" => Some(Typed::Word("yes".to_owned())),
                "false" => Some(Typed::Word("no".to_owned())),
                _ => None,
            },
            (ParameterType::Enum, Value::String(text)) => self.values.contains(text).then(|| Typed::Word(text.clone())),
            (ParameterType::Text, Value::String(text)) => Some(Typed::Word(text.clone())),
            (ParameterType::List, Value::Array(items)) => items.iter().map(|i| i.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>().map(Typed::Words),
            _ => None,
        }
    }

    fn expected(&self) -> String {
        match self.r#type {
            ParameterType::Integer | ParameterType::Money => "a whole number".to_owned(),
            ParameterType::Decimal => "a number".to_owned(),
            ParameterType::Boolean => "`true` or `false`".to_owned(),
            ParameterType::Enum => format!("one of {}", self.values.iter().map(|v| format!("`{v}`")).collect::<Vec<_>>().join(", ")),
            ParameterType::Text => "text".to_owned(),
            ParameterType::List => "a list".to_owned(),
        }
    }
}

/// A figure that is not negative, in the one spelling of the decoder.
fn figure(text: &str, whole: bool) -> Option<Typed> {
    let figure = parse_number(text, whole)?.as_f64()?;
    (0.0..=MOST).contains(&figure).then_some(Typed::Number(figure))
}

/// Largest figure of a parameter; beyond it a double no longer counts whole units.
const MOST: f64 = 9e15;

/// `a, b and c`.
pub fn enumerate(words: &[String]) -> String {
    match words {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// A figure without superfluous decimals: `24`, `99.95`.
pub fn number_text(figure: f64) -> String {
    let text = format!("{figure:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `2,000,000`.
pub fn thousands(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn ordinal(figure: f64) -> String {
    let text = number_text(figure);
    let suffix = match (text.as_str().ends_with("11") || text.ends_with("12") || text.ends_with("13"), text.chars().last()) {
        (false, Some('1')) => "st",
        (false, Some('2')) => "nd",
        (false, Some('3')) => "rd",
        _ => "th",
    };
    format!("{text}{suffix}")
}
