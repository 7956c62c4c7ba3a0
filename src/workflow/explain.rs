//! `explain`: why a pack is as it is, without writing it.

use crate::base::date::Date;
use crate::base::diagnostic::Report;
use crate::pack::compile::Request;
use crate::pack::explanation::Explanation;
use crate::pack::manifest::Subject;
use crate::workflow::{Opened, generate};

/// The explanation of one supplier, even while a hold is open.
pub fn explain(opened: Opened, supplier: &str, date: Date) -> (Option<Explanation>, Report) {
    let mut report = opened.report;
    let Some(compiler) = opened.compiler else { return (None, report) };
    let request = Request { draft: true, ..Request::default() };
    let subject = Subject::Supplier(supplier.to_owned());
    let compiled = generate::compile(&compiler, &subject, None, &request, date, &mut report);
    (compiled.map(|(compiled, _)| compiled.explanation), report)
}
