//! Approvals: counsel's sign-off of the text of a clause, by name, date and digest.
//!
//! Job: what `approvals.yaml` says, where a clause stands on a day, and the file with further approvals in it. Neighbours below: `text`, `base`.
//! Never does: change what a pack says. An approval gates, it is no input.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::decode::decode;
use crate::base::diagnostic::{Diagnostic, Report, Severity};
use crate::base::digest::Digest;
use crate::base::node::{self, Entry, Kind, Node};
use crate::base::source::{Place, Source};
use crate::base::suggest;
use crate::base::yaml;
use crate::contract::clause::{Clause, check_version};
use crate::contract::derive::Written;
use crate::contract::library::Library;
use crate::text::hygiene;

/// Version of the format (see `docs/formats.md`).
const VERSION: u32 = 1;

/// First lines of a new file.
const HEADER: &str = "# yaml-language-server: $schema=schemas/approvals.json\n\
    # What counsel approved, written by `countersign clause approve`. To withdraw an approval, remove its entry.\n";

/// The file `approvals.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalFile {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The approvals; written in order of clause.
    pub approvals: Vec<ClauseApproval>,
}

/// One person's approval of one text of a clause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClauseApproval {
    /// Id of the clause.
    pub clause: String,
    /// The version that was approved, three numbers.
    pub version: String,
    /// SHA-256 of the file of the clause as it was approved (UTF-8, LF): the text counts, whatever its version says.
    pub sha256: Digest,
    /// Name of the person who approved it.
    pub by: String,
    /// First day on which it holds.
    pub date: Date,
    /// What the person had to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Last day on which it holds; without end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
}

impl ClauseApproval {
    /// Whether it holds on a day, both ends included.
    pub fn holds_on(&self, day: Date) -> bool {
        self.date <= day && self.expires.is_none_or(|last| day <= last)
    }

    /// Whether it is an approval of the same text by the same person that holds from no later and for as long.
    pub fn covers(&self, other: &Self) -> bool {
        let lasts = self.expires.is_none() || (other.expires.is_some() && other.expires <= self.expires);
        self.clause == other.clause && self.sha256 == other.sha256 && self.by == other.by && self.date <= other.date && lasts
    }

    /// Order in the file.
    fn key(&self) -> (&str, [u64; 3], Date, &str) {
        (&self.clause, numbers(&self.version), self.date, &self.by)
    }

    fn node(&self, nowhere: &Place) -> Node {
        let text = |text: &str, plain: bool| Node { place: nowhere.clone(), kind: Kind::Scalar { text: text.to_owned(), plain } };
        let mut entries = Vec::new();
        let mut add = |key: &str, value: Node| entries.push(Entry { key: key.to_owned(), key_place: nowhere.clone(), value });
        add("clause", text(&self.clause, false));
        add("version", text(&self.version, true));
        add("sha256", text(self.sha256.as_str(), true));
        add("by", text(&self.by, false));
        add("date", text(&self.date.to_string(), true));
        self.note.iter().for_each(|note| add("note", text(note, false)));
        self.expires.iter().for_each(|last| add("expires", text(&last.to_string(), true)));
        Node { place: nowhere.clone(), kind: Kind::Mapping(entries) }
    }
}

/// Where a clause stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// Its text is approved.
    Approved,
    /// Another text of it was approved.
    Changed,
    /// The approval of its text ran out.
    Expired,
    /// No text of it was approved so far.
    Unapproved,
}

impl ApprovalState {
    /// All of them, in the order in which they are counted.
    pub const ALL: [Self; 4] = [Self::Approved, Self::Changed, Self::Expired, Self::Unapproved];

    /// The word as printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Changed => "changed",
            Self::Expired => "expired",
            Self::Unapproved => "unapproved",
        }
    }
}

/// Where a clause stands on a day, and the approval that says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The state.
    pub state: ApprovalState,
    /// The approval that holds, ran out, or was of another text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<ClauseApproval>,
}

impl Standing {
    /// In words, with dates written out.
    pub fn text(&self) -> String {
        match (self.state, &self.approval) {
            (ApprovalState::Approved, Some(one)) => format!("approved by {} on {}", one.by, one.date.long()),
            (ApprovalState::Changed, Some(one)) => format!("changed since {} was approved", one.version),
            (ApprovalState::Expired, Some(ClauseApproval { expires: Some(last), .. })) => format!("approved until {}", last.long()),
            _ => "not approved".to_owned(),
        }
    }
}

/// The approvals of a workspace.
#[derive(Debug, Clone, Default)]
pub struct Approvals {
    written: Option<Written<ApprovalFile>>,
    by_clause: BTreeMap<String, Vec<usize>>,
}

impl Approvals {
    /// Reads the file.
    ///
    /// # Errors
    /// Returns `None` after diagnostics when it does not decode, a version is not three numbers, or an approval runs out on its first day or before.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use countersign::{base::{diagnostic::Report, source::Source}, contract::approval::Approvals};
    /// let text = "version: 1\napprovals:\n  - {clause: nda.use, version: \"1\", sha256: abc, by: N. Kilbride, date: 2026-11-21}\n";
    /// let mut report = Report::default();
    /// assert!(Approvals::read(&Arc::new(Source { path: "approvals.yaml".into(), text: text.into() }), &mut report).is_none());
    /// assert_eq!(report.sorted()[0].code, "bad-form");
    /// ```
    pub fn read(source: &Arc<Source>, report: &mut Report) -> Option<Self> {
        let before = report.errors();
        let node = node::parse(source, report)?;
        hygiene::check(&node, report);
        let value = decode::<ApprovalFile>(&node, report)?;
        let mut by_clause: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, (one, item)) in value.approvals.iter().zip(items(&node)).enumerate() {
            check_version(&one.version, item, report);
            if let Some(last) = one.expires.filter(|last| *last <= one.date) {
                let message = format!("an approval of {} that runs out on {last}", one.date);
                report.push(Diagnostic::error("contradiction", message).at(&item.place_of("expires")).help("`expires` is a day after `date`"));
            }
            if let Some(fault) = name_fault(&one.by) {
                report.push(Diagnostic::error("bad-form", fault).at(&item.place_of("by")).help(NAME_HELP));
            }
            by_clause.entry(one.clause.clone()).or_default().push(at);
        }
        (report.errors() == before).then_some(Self { written: Some(Written { value, node }), by_clause })
    }

    /// All approvals, in the order of the file.
    pub fn all(&self) -> &[ClauseApproval] {
        self.written.as_ref().map_or(&[], |written| &written.value.approvals)
    }

    /// Where a clause stands on a day. Approvals of later days do not count yet.
    ///
    /// Of several approvals of its text the one that lasts longest counts; of those of other texts the one of the highest version.
    pub fn standing(&self, clause: &Clause, day: Date) -> Standing {
        let all = self.all();
        let given: Vec<&ClauseApproval> = self.by_clause.get(&clause.front.id).into_iter().flatten().map(|at| &all[*at]).filter(|a| a.date <= day).collect();
        if given.is_empty() {
            return Standing { state: ApprovalState::Unapproved, approval: None };
        }
        let digest = clause.digest();
        let of_this_text = given.iter().filter(|approval| approval.sha256 == digest).max_by_key(|a| (a.expires.is_none(), a.expires, a.date));
        let (state, approval) = match of_this_text {
            Some(approval) if approval.holds_on(day) => (ApprovalState::Approved, Some(approval)),
            Some(approval) => (ApprovalState::Expired, Some(approval)),
            None => (ApprovalState::Changed, given.iter().max_by_key(|a| (numbers(&a.version), a.date))),
        };
        Standing { state, approval: approval.map(|approval| (*approval).clone()) }
    }

    /// How many clauses stand how on a day, in the order of [`ApprovalState::ALL`].
    pub fn count(&self, library: &Library, day: Date) -> [usize; 4] {
        let mut counts = [0; 4];
        for clause in library.clauses.values() {
            counts[self.standing(clause, day).state as usize] += 1;
        }
        counts
    }

    /// Where an approval is written.
    pub fn place(&self, approval: &ClauseApproval) -> Option<Place> {
        let at = self.all().iter().position(|one| one == approval)?;
        items(&self.written.as_ref()?.node).nth(at).map(|item| item.place_of("clause"))
    }

    /// Reports approvals of clauses that the library does not have, or has in an earlier version only.
    ///
    /// They approve nothing, and are warnings: a clause that left the library leaves its approvals behind.
    pub fn report_strays(&self, library: &Library, report: &mut Report) {
        let Some(written) = &self.written else { return };
        for (one, item) in written.value.approvals.iter().zip(items(&written.node)) {
            let Some(clause) = library.clauses.get(&one.clause) else {
                let warning = Diagnostic { severity: Severity::Warning, ..unknown_clause(&one.clause, library) };
                report.push(warning.at(&item.place_of("clause")));
                continue;
            };
            let current = &clause.front.version;
            if numbers(&one.version) > numbers(current) {
                let message = format!("the approval is of `{}` {}, and the library has {current}", one.clause, one.version);
                let warning = Diagnostic::warning("future-version", message).at(&item.place_of("version")).with(&clause.version_place(), "the version here");
                report.push(warning.help("correct the version, or bring the library to it"));
            }
        }
    }

    /// The text of the file with further approvals, each where its clause stands in order; what is there stays as it is, comments included.
    ///
    /// `text` is what the approvals were read from; none for a new file. A file in a style that cannot be added to line by line is written anew.
    pub fn with(&self, text: &str, mut new: Vec<ClauseApproval>) -> String {
        new.sort_by(|a, b| a.key().cmp(&b.key()));
        let mut wanted = self.all().to_vec();
        // By place among those that are there, so that blocks of text can follow.
        let mut added: BTreeMap<usize, String> = BTreeMap::new();
        for approval in new.iter().rev() {
            let at = self.all().iter().position(|one| one.key() > approval.key()).unwrap_or(self.all().len());
            wanted.insert(at, approval.clone());
            let before = added.remove(&at).unwrap_or_default();
            added.insert(at, block(approval) + &before);
        }
        if let Some(text) = self.written.as_ref().and_then(|written| inserted(&written.node, text, &added)) {
            let source = Arc::new(Source { path: String::new(), text });
            let again = Self::read(&source, &mut Report::default());
            if again.is_some_and(|again| again.all() == wanted) {
                return source.text.clone();
            }
        }
        let blocks: String = wanted.iter().map(block).collect();
        format!("{HEADER}version: {VERSION}\napprovals:\n{blocks}")
    }
}

/// What to write in place of what is no name.
pub const NAME_HELP: &str = "the name of a person, on one line, without blanks around it";

/// Why a text cannot stand for the person who approves.
pub fn name_fault(name: &str) -> Option<&'static str> {
    if !name.chars().any(char::is_alphabetic) {
        Some("a name has letters")
    } else if name.trim() != name || name.chars().any(char::is_control) {
        Some("a name has no line breaks, and no blanks around it")
    } else {
        None
    }
}

/// The fault of a clause id that the library does not have.
pub fn unknown_clause(id: &str, library: &Library) -> Diagnostic {
    let near = suggest::nearest(id, library.clauses.keys().map(String::as_str));
    let help = near.map_or_else(|| "`countersign clause list` names all clauses".to_owned(), |near| format!("did you mean `{near}`?"));
    Diagnostic::error("unknown-clause", format!("the library has no clause `{id}`")).help(help)
}

/// The three numbers of a version; what is no number counts as 0.
fn numbers(version: &str) -> [u64; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

/// The entries of the list in the file.
fn items(node: &Node) -> impl Iterator<Item = &Node> {
    let list = node.get("approvals").map(|list| &list.kind);
    let items: &[Node] = if let Some(Kind::Sequence(items)) = list { items } else { &[] };
    items.iter()
}

/// An approval as it stands in the file.
fn block(approval: &ClauseApproval) -> String {
    let nowhere = Place::new(&Arc::new(Source { path: String::new(), text: String::new() }), 0..0);
    let list = Node { place: nowhere.clone(), kind: Kind::Sequence(vec![approval.node(&nowhere)]) };
    let mut out = String::new();
    yaml::write_entry(&Entry { key: String::new(), key_place: nowhere, value: list }, 0, &mut out);
    // The line of the key stands in the file already.
    out.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or_default()
}

/// The text with blocks put before the entries of these numbers; `None` where the list has no line for each entry.
fn inserted(node: &Node, text: &str, added: &BTreeMap<usize, String>) -> Option<String> {
    let Kind::Mapping(entries) = &node.kind else { return None };
    let list = entries.iter().position(|entry| entry.key == "approvals")?;
    let line_of = |at: usize| text[..at].rfind('\n').map_or(0, |at| at + 1);
    let starts: Vec<usize> = items(node).map(|item| line_of(item.place.range.start)).collect();
    let list_end = entries.get(list + 1).map_or(text.len(), |next| line_of(next.key_place.range.start));
    let first = &text[*starts.first()?..];
    let indent = &first[..first.len() - first.trim_start_matches(' ').len()];
    if !first[indent.len()..].starts_with('-') {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 256 * added.len());
    let mut done = 0;
    for (at, block) in added {
        let to = match at.checked_sub(1) {
            // Comments above the first entry are its own.
            None => entries[list].key_place.range.end + text[entries[list].key_place.range.end..].find('\n')? + 1,
            Some(before) => {
                let end = starts.get(*at).copied().unwrap_or(list_end);
                // Blank lines and comments at the end belong to what follows.
                let is_loose = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
                let lines: Vec<&str> = text.get(starts[before]..end)?.split_inclusive('\n').collect();
                end - lines.iter().rev().take_while(|line| is_loose(line)).map(|line| line.len()).sum::<usize>()
            }
        };
        // Of a list on one line the places are in no order.
        out.push_str(text.get(done..to)?);
        if !out.ends_with('\n') {
            out.push('\n');
        }
        for line in block.lines() {
            out.push_str(indent);
            out.push_str(line.get(2..).unwrap_or_default());
            out.push('\n');
        }
        done = to;
    }
    out.push_str(&text[done..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Approvals, ClauseApproval, HEADER};
    use crate::base::date::Date;
    use crate::base::diagnostic::Report;
    use crate::base::digest::Digest;
    use crate::base::source::Source;

    fn read(text: &str) -> Approvals {
        Approvals::read(&Arc::new(Source { path: "approvals.yaml".into(), text: text.into() }), &mut Report::default()).expect("it reads")
    }

    fn approval(clause: &str, version: &str) -> ClauseApproval {
        let date = "2026-11-21".parse().expect("a date");
        let (sha256, by) = (Digest::of(version.as_bytes()), "Niamh Kilbride".to_owned());
        ClauseApproval { clause: clause.to_owned(), version: version.to_owned(), sha256, by, date, note: None, expires: None }
    }

    #[test]
    fn approvals_are_put_in_order_and_comments_stay() {
        let first = Approvals::default().with("", vec![approval("nda.use", "1.0.0"), approval("dpa.audit", "1.0.0")]);
        let second = first.replace("  - clause: nda.use", "\n  # Read twice.\n  - clause: nda.use") + "# The end.\n";
        let third = read(&second).with(&second, vec![approval("dpa.breach", "1.0.0"), approval("dpa.annex", "1.0.0"), approval("nda.use", "1.10.0")]);
        let order: Vec<String> = read(&third).all().iter().map(|a| format!("{} {}", a.clause, a.version)).collect();
        assert_eq!(order, ["dpa.annex 1.0.0", "dpa.audit 1.0.0", "dpa.breach 1.0.0", "nda.use 1.0.0", "nda.use 1.10.0"]);
        assert!(third.contains("  # Read twice.\n  - clause: nda.use\n    version: 1.0.0") && third.ends_with("# The end.\n"), "{third}");
        assert!(third.starts_with(HEADER));
    }

    #[test]
    fn file_in_another_style_is_added_to_or_written_anew() {
        let one = serde_json::to_string(&approval("nda.use", "1.0.0")).expect("a value");
        for text in [
            format!("{{\"version\": 1, \"approvals\": [{one}]}}\n"),
            format!("version: 1\napprovals: [{one}]\n"),
            "version: 1\napprovals: []\n".to_owned(),
            format!("{{\"approvals\": [{one}], \"version\": 1}}\n"),
            format!("version: 1\napprovals: [\n  {one}]"),
            format!("approvals:\n- {one}\nversion: 1"),
            format!("approvals:\n-\n    {one}\nversion: 1"),
        ] {
            let before = read(&text);
            let after = read(&before.with(&text, vec![approval("dpa.audit", "1.0.0"), approval("zz.last", "2.0.0")]));
            assert_eq!(after.all().len(), before.all().len() + 2, "{text}");
        }
    }

    #[test]
    fn longer_approval_covers_a_shorter_one_and_not_the_other_way() {
        let day = |text: &str| text.parse::<Date>().ok();
        let (endless, short) = (approval("nda.use", "1.0.0"), ClauseApproval { expires: day("2027-11-20"), ..approval("nda.use", "1.0.0") });
        assert!(endless.covers(&short) && !short.covers(&endless) && short.covers(&short));
        assert!(!endless.covers(&ClauseApproval { by: "Somebody Else".into(), ..short.clone() }));
        assert!(short.holds_on(short.date) && !short.holds_on(short.date.plus_days(-1)));
        assert!(day("2027-11-20").is_some_and(|last| short.holds_on(last) && !short.holds_on(last.plus_days(1))));
    }
}
