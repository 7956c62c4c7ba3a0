//! Propositions over a SAT solver: and, or, not, and whether something can be.
//!
//! Crate `batsat` decides; here are only the clauses that make a new letter equal to a connection of others (Tseitin).

use batsat::{BasicSolver, Lit, SolverInterface, lbool};

/// A question answered by searching.
pub(super) struct Sat {
    solver: BasicSolver,
    truth: Lit,
    /// Questions that were asked.
    pub(super) asked: usize,
}

impl Sat {
    pub(super) fn new() -> Self {
        let mut solver = BasicSolver::default();
        let truth = Lit::new(solver.new_var_default(), true);
        solver.add_clause_reuse(&mut vec![truth]);
        Self { solver, truth, asked: 0 }
    }

    pub(super) fn fresh(&mut self) -> Lit {
        Lit::new(self.solver.new_var_default(), true)
    }

    pub(super) fn constant(&self, value: bool) -> Lit {
        if value { self.truth } else { !self.truth }
    }

    /// At least one of these holds.
    pub(super) fn clause(&mut self, any: &[Lit]) {
        self.solver.add_clause_reuse(&mut any.to_vec());
    }

    /// Exactly one of these holds.
    pub(super) fn exactly_one(&mut self, of: &[Lit]) {
        self.clause(of);
        for (at, one) in of.iter().enumerate() {
            for other in &of[at + 1..] {
                self.clause(&[!*one, !*other]);
            }
        }
    }

    /// A letter that holds exactly when all of these do.
    pub(super) fn and(&mut self, parts: &[Lit]) -> Lit {
        let parts: Vec<Lit> = parts.iter().copied().filter(|part| *part != self.truth).collect();
        match parts.as_slice() {
            [] => self.truth,
            [only] => *only,
            _ if parts.contains(&!self.truth) => !self.truth,
            _ => {
                let all = self.fresh();
                for part in &parts {
                    self.clause(&[!all, *part]);
                }
                let back: Vec<Lit> = parts.iter().map(|part| !*part).chain([all]).collect();
                self.clause(&back);
                all
            }
        }
    }

    /// A letter that holds exactly when one of these does.
    pub(super) fn or(&mut self, parts: &[Lit]) -> Lit {
        let parts: Vec<Lit> = parts.iter().map(|part| !*part).collect();
        !self.and(&parts)
    }

    /// Whether all of these can hold at once; then [`Sat::holds`] tells what else does.
    pub(super) fn can_be(&mut self, all: &[Lit]) -> bool {
        self.asked += 1;
        self.solver.solve_limited(all) == lbool::TRUE
    }

    /// Whether a letter holds in what was found last.
    pub(super) fn holds(&self, lit: Lit) -> bool {
        self.solver.value_lit(lit) == lbool::TRUE
    }

    /// Letters in play.
    pub(super) fn size(&self) -> usize {
        self.solver.num_vars() as usize
    }
}
