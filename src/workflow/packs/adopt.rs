//! `pack adopt`: a contract on the supplier's paper, or from before the register, is taken in with its gaps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::date::Date;
use crate::base::diagnostic::Report;
use crate::base::digest::Digest;
use crate::base::node;
use crate::contract::mapping;
use crate::contract::milestone::Adoption;
use crate::contract::permission::Refusal;
use crate::contract::requirement::Force;
use crate::pack::compile::Assessed;
use crate::pack::inputs::Inputs;
use crate::project::folder;
use crate::record::Event;
use crate::rule::finding::{Cause, Finding, Severity};
use crate::workflow::packs::{Desk, PackError, bytes, day, text};
use crate::workflow::register::RegisterError;

/// Digits of the id of an adopted contract, as many as a pack has.
const ID_DIGITS: usize = 12;

/// A contract from elsewhere, as it is brought.
#[derive(Debug, Clone)]
pub struct AdoptOrder {
    /// Id of the supplier.
    pub supplier: String,
    /// The contract.
    pub file: PathBuf,
    /// Its title.
    pub title: String,
    /// Day of the last signature.
    pub signed: Date,
    /// First day.
    pub effective: Date,
    /// Last day; `None` while open.
    pub end: Option<Date>,
    /// File that says which clause fulfils which requirement; without it nothing is fulfilled.
    pub mapping: Option<PathBuf>,
}

/// What was recorded.
#[derive(Debug, Clone)]
pub struct Adopted {
    /// The contract.
    pub adoption: Adoption,
    /// Requirements that apply and that nothing in it fulfils.
    pub findings: Vec<Finding>,
    /// Number of requirements that apply.
    pub applicable: usize,
}

impl Desk {
    /// Takes a contract in and opens a finding for each requirement that applies to the supplier today and is not mapped; `None` when a
    /// diagnostic stops it.
    ///
    /// # Errors
    /// A refusal for a contract that is in the register, or days that cannot be.
    pub fn adopt(&mut self, order: &AdoptOrder, report: &mut Report) -> Result<Option<Adopted>, PackError> {
        let title = text("the title", &order.title)?;
        let contract = bytes(&order.file)?;
        let file = Digest::of(&contract);
        let id = file.short(ID_DIGITS).to_owned();
        let mapping = match &order.mapping {
            Some(path) => self.mapping(path, report)?,
            None => Some(BTreeMap::new()),
        };
        let assessed = self.assessed(&order.supplier, report);
        let (Some(mapping), Some((assessed, today))) = (mapping, assessed) else { return Ok(None) };
        if self.stops(report) {
            return Ok(None);
        }
        plausible(order, today)?;
        let (supplier, entity) = (order.supplier.clone(), assessed.supplier.profile.value.entity.clone());
        let requirements = mapping::applicable(&self.compiler.library, &assessed.facts, today);
        let owner = assessed.supplier.profile.value.owner.as_ref().map(|owner| owner.email.clone());
        let gaps = requirements.iter().filter(|r| !mapping.contains_key(&r.id)).map(|r| Finding {
            finding: format!("{id}.{}", r.id),
            title: format!("nothing in {title} fulfils `{}` ({})", r.id, r.source),
            cause: Cause::Gap { pack: id.clone(), requirement: r.id.clone(), source: r.source.clone(), force: r.force.word().to_owned() },
            severity: if r.force == Force::Law { Severity::Major } else { Severity::Minor },
            supplier: Some(supplier.clone()),
            person: None,
            owner: owner.clone(),
            due: None,
        });
        let findings: Vec<Finding> = gaps.collect();
        let (signed, effective, end) = (order.signed, order.effective, order.end);
        let adoption = Adoption { pack: id.clone(), supplier: supplier.clone(), entity, title, file, signed, effective, end, mapping };
        let applicable = requirements.len();
        self.register.change(|before, draft| {
            if before.state.contracts.packs.contains_key(&id) {
                return Err(RegisterError::refused(format!("this file is in the register already, as {id}"), format!("see `countersign pack show {id}`")));
            }
            draft.keep(contract);
            draft.record(Event::PackAdopted(Box::new(adoption.clone())));
            findings.iter().for_each(|finding| draft.record(Event::FindingOpened(Box::new(finding.clone()))));
            Ok(())
        })?;
        Ok(Some(Adopted { adoption, findings, applicable }))
    }

    /// The supplier with its facts, and today at its entity.
    fn assessed(&self, id: &str, report: &mut Report) -> Option<(Assessed, Date)> {
        let now = self.register.edge().now();
        // The entity, and with it the day, is known only after the profile is read; it is read on the day in UTC.
        let supplier = self.compiler.supplier(id, now.date(), report)?;
        let today = day(&self.compiler.workspace.value, &supplier.profile.value.entity, now);
        let assessed = self.compiler.assess(supplier, today, report)?;
        match &assessed.assessment {
            Ok(_) => Some((assessed, today)),
            Err(missing) => {
                self.compiler.report_missing(&assessed.supplier, missing.iter().map(|fact| (fact, "the assessment".to_owned())), report);
                None
            }
        }
    }

    fn mapping(&self, path: &Path, report: &mut Report) -> Result<Option<BTreeMap<String, String>>, PackError> {
        let shown = path.to_string_lossy().into_owned();
        let mut inputs = Inputs::default();
        inputs.insert(shown.clone(), shown.clone(), folder::file(path)?);
        let node = inputs.source(&shown, report).and_then(|source| node::parse(&source, report));
        Ok(node.and_then(|node| mapping::read(&node, &self.compiler.library, report)))
    }
}

/// Days that fit each other; tomorrow is today in another time zone.
fn plausible(order: &AdoptOrder, today: Date) -> Result<(), Refusal> {
    if today.plus_days(1) < order.signed {
        return Err(Refusal::new(format!("the contract cannot have been signed on {}", order.signed), format!("today is {today}")));
    }
    match order.end {
        Some(end) if end < order.effective => {
            Err(Refusal::new(format!("the end, {end}, is before the first day, {}", order.effective), "write the last day of the contract after `--end`"))
        }
        _ => Ok(()),
    }
}
