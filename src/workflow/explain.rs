//! `explain`: why a pack is as it is, without writing it, and what would bring in a clause that it does not have.

use crate::base::date::Date;
use crate::base::diagnostic::Report;
use crate::contract::proof::{self, Change};
use crate::pack::compile::{Compiler, Request};
use crate::pack::explanation::Explanation;
use crate::pack::manifest::Subject;
use crate::workflow::generate;

/// The explanation of one supplier, even while a hold is open.
pub fn explain(compiler: &Compiler, supplier: &str, date: Date, report: &mut Report) -> Option<Explanation> {
    let request = Request { draft: true, ..Request::default() };
    let subject = Subject::Supplier(supplier.to_owned());
    generate::compile(compiler, &subject, None, &request, date, report).map(|(compiled, _)| compiled.explanation)
}

/// The nearest change of facts that would bring a clause into the pack of a supplier: no fact of it can be left out. `None` where no change does, or there
/// is no such clause in a document.
pub fn why_not(compiler: &Compiler, supplier: &str, clause: &str, date: Date) -> Option<Vec<Change>> {
    let mut unheard = Report::default();
    let assessed = compiler.assess(compiler.supplier(supplier, date, &mut unheard)?, date, &mut unheard)?;
    let credit = assessed.assessment.as_ref().map_or(0, |assessment| assessment.credit.total);
    compiler.library.clauses.get(clause)?;
    proof::nearest(&compiler.library, clause, &assessed.facts, credit)
}
