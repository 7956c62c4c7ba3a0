//! The gate: each reason failing alone, all of them passing, and the days before and after.

use serde_json::{Value, json};

use super::{Check, GateAnswer, GateReason, UnknownSubject, gate};
use crate::base::date::Date;
use crate::base::digest::Digest;
use crate::base::instant::Instant;
use crate::record::event::PAYLOAD_VERSION;
use crate::record::{Payload, State};

const PACK: &str = "0123456789ab";
const OTHER: &str = "ba9876543210";
/// A day on which everything is in order.
const DAY: &str = "2027-02-01";

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn noon(day: &str) -> Instant {
    Instant::start_of(date(day), "UTC").unwrap().plus_secs(12 * 3600)
}

fn digest(text: &str) -> Value {
    json!(Digest::of(text.as_bytes()))
}

/// A value with other members.
fn with(mut value: Value, members: Value) -> Value {
    let Value::Object(members) = members else { panic!("members are an object") };
    for (name, member) in members {
        if member.is_null() {
            value.as_object_mut().unwrap().remove(&name);
        } else {
            value[name] = member;
        }
    }
    value
}

/// A state to which events are told at noon of a day.
#[derive(Clone, Default)]
struct Story(State);

impl Story {
    fn on(mut self, day: &str, kind: &str, body: Value) -> Self {
        let payload = json!({"version": PAYLOAD_VERSION, "recorded": noon(day), "by": "test", "kind": kind, "body": body});
        self.0.apply(Payload::decode(payload.to_string().as_bytes()).unwrap());
        self
    }

    fn ask(&self, person: Option<&str>, day: &str) -> GateAnswer {
        gate(&self.0, "northwind", person, Some(date(day)), noon(day)).unwrap()
    }

    /// What stops p-1.
    fn stops(&self, day: &str) -> Vec<(Check, String)> {
        let answer = self.ask(Some("p-1"), day);
        let stops: Vec<_> = answer.reasons.into_iter().filter(|r| !r.passed).map(|r| (r.check, r.text)).collect();
        assert_eq!(answer.allowed, stops.is_empty());
        stops
    }

    /// The only reason of a kind.
    fn only(&self, check: Check, day: &str) -> GateReason {
        let mut reasons: Vec<_> = self.ask(Some("p-1"), day).reasons.into_iter().filter(|r| r.check == check).collect();
        assert_eq!(reasons.len(), 1, "{reasons:#?}");
        reasons.remove(0)
    }

    fn signs(self, day: &str, request: &str) -> Self {
        let text = "I acknowledge.\n";
        let asked = &self.0.book.requests[request].request;
        let body = json!({
            "request": request, "person": asked.person, "name": "Ada", "belongs_to": "northwind", "policy": asked.policy, "title": "Code of Conduct",
            "version": asked.version, "capacity": asked.capacity, "pdf": digest("pdf"), "shown": digest("html"),
            "consent": {"text": text, "sha256": digest(text), "locale": "en", "button": "I acknowledge"}, "typed_name": "Ada",
            "proof": {"method": "link", "link": digest("token"), "sent_to": "ada@northwind.example"}, "strength": "mailbox_holder", "signed": noon(day),
        });
        self.on(day, "ack.signed", body)
    }

    fn executed(self, id: &str, day: &str, members: Value) -> Self {
        let issued = self.on(day, "pack.submitted", with(submission(id), members)).on(day, "pack.issued", issue(id));
        issued.on(day, "pack.signed", signing(id, "nda.pdf", &["ours", "theirs"], day)).on(
            day,
            "pack.signed",
            signing(id, "terms.pdf", &["ours", "theirs"], day),
        )
    }
}

fn person(members: Value) -> Value {
    let person = json!({
        "id": "p-1", "name": "Ada", "email": "ada@northwind.example", "supplier": "northwind", "language": "en", "time_zone": "Europe/Dublin",
        "start": "2026-01-01",
    });
    json!({"person": with(person, members), "source": "import"})
}

fn submission(id: &str) -> Value {
    json!({
        "pack": id, "manifest": digest("manifest"), "supplier": "northwind", "entity": "acme", "date": "2027-01-04", "before_assessment": false,
        "profile": digest("profile"), "documents": documents(), "roles": [], "author": "author@acme.example", "obligations": [],
    })
}

fn documents() -> Value {
    json!([{"file": "nda.pdf", "kind": "nda", "sha256": digest("nda")}, {"file": "terms.pdf", "kind": "terms", "sha256": digest("terms")}])
}

fn issue(id: &str) -> Value {
    json!({"pack": id, "manifest": digest("manifest"), "recipients": [], "documents": documents()})
}

fn signing(id: &str, document: &str, parties: &[&str], day: &str) -> Value {
    let signatures: Vec<Value> = parties.iter().map(|party| json!({"party": party, "name": "Swit", "title": "Director", "date": day})).collect();
    json!({
        "pack": id, "document": document, "issued": digest("issued"), "file": digest("file"), "comparison": "not_compared", "signatures": signatures,
        "method": "wet_ink",
    })
}

fn assessment(members: Value) -> Value {
    let record = json!({
        "supplier": "northwind", "name": "Northwind Limited", "entity": "acme", "profile": digest("profile"), "date": "2027-01-04", "occasion": "review",
        "inherent_quarters": 100, "credit": 0, "residual_quarters": 100, "tier": "moderate", "floors": [], "open_holds": [],
        "next_review": "2028-01-04", "assurance": [], "incidents": 0, "is_overseas": false,
    });
    with(record, members)
}

fn decision(id: &str, members: Value) -> Value {
    let decision = json!({
        "decision": id, "kind": "accept_hold", "supplier": "northwind", "subject": "sanctions", "profile": digest("profile"), "role": "ciso",
        "person": "ciso@acme.example", "reason": "seen", "date": "2027-01-04", "expires": "2027-03-31",
    });
    with(decision, members)
}

fn policy(number: &str, members: Value) -> Value {
    let version = json!({
        "policy": "code", "version": number, "title": "Code of Conduct", "language": "en", "entity": "acme", "issuer": "Acme Limited", "pack": PACK,
        "date": "2027-01-04", "pdf": digest("pdf"), "html": digest("html"), "change": "first", "reason": "first", "period_months": 12, "due_days": 14,
        "owner": "Compliance", "acknowledged_by": "person",
    });
    with(version, members)
}

fn request(id: &str, members: Value) -> Value {
    let request = json!({"request": id, "person": "p-1", "policy": "code", "version": "1.0", "capacity": "person", "due": "2027-01-19", "occasion": "first"});
    with(request, members)
}

fn ending(id: &str, members: Value) -> Value {
    with(json!({"request": id, "person": "p-1", "reason": "test"}), members)
}

fn course() -> Value {
    json!({
        "version": 1, "course": "refresher", "edition": "1.0", "title": {"en": "Security refresher"}, "kind": "refresher", "owner": "o",
        "first_due_days": 30, "refresher": {"period_months": 12}, "grace_days": 10,
    })
}

fn completion(id: &str, day: &str) -> Value {
    json!({"completion": id, "person": "p-1", "course": "refresher", "edition": "1.0", "day": day, "source": "import"})
}

fn termination(id: &str, end: &str) -> Value {
    json!({"pack": id, "notice": "2027-01-20", "end": end, "reason": "test", "deadlines": []})
}

fn contract() -> Story {
    Story::default().executed(PACK, "2027-01-05", json!({}))
}

/// A contract, an assessment and a person, and nothing that is asked of the person.
fn hired() -> Story {
    contract().on("2027-01-04", "supplier.assessed", assessment(json!({}))).on("2027-01-04", "person.recorded", person(json!({})))
}

fn asked() -> Story {
    hired().on("2027-01-04", "policy.published", policy("1.0", json!({}))).on("2027-01-05", "ack.requested", request("r-1", json!({})))
}

fn trained(story: Story) -> Story {
    let assigned = json!({"person": "p-1", "course": "refresher", "day": "2027-01-05", "reason": "audience"});
    story.on("2027-01-05", "course.published", course()).on("2027-01-05", "training.assigned", assigned)
}

/// Everything in order: signed, trained, accepted.
fn sound() -> Story {
    let story = trained(asked().signs("2027-01-06", "r-1")).on("2027-01-06", "training.recorded", completion("c-1", "2027-01-06"));
    story.on("2027-01-04", "decision.recorded", decision("d-1", json!({})))
}

fn one(check: Check, text: &str) -> Vec<(Check, String)> {
    vec![(check, text.to_owned())]
}

#[test]
fn everything_in_order_is_allowed_with_every_reason() {
    let answer = sound().ask(Some("ADA@northwind.example"), DAY);
    let reason = |check, text: &str, about: Option<&str>, until: Option<&str>| GateReason::yes(check, about, until.map(date), text.to_owned());
    let expected = [
        reason(Check::Contract, "Pack `0123456789ab` is executed by both sides.", Some(PACK), None),
        reason(Check::Termination, "No contract of the supplier was terminated.", None, None),
        reason(Check::Hold, "The hold `sanctions` is accepted by the decision `d-1` until 31 March 2027.", Some("sanctions"), Some("2027-03-31")),
        reason(Check::Assessment, "The supplier was assessed on 4 January 2027 and is reviewed by 4 January 2028.", None, None),
        reason(Check::Person, "Ada belongs to `northwind` since 1 January 2026.", Some("p-1"), None),
        reason(
            Check::Acknowledgment,
            "Code of Conduct 1.0 was acknowledged on 6 January 2027, which counts until 6 January 2028.",
            Some("r-1"),
            Some("2028-01-06"),
        ),
        reason(
            Check::Training,
            "Security refresher was completed on 6 January 2027 and is due again by 6 January 2028.",
            Some("refresher"),
            Some("2028-01-16"),
        ),
    ];
    assert_eq!(answer.reasons, expected);
    assert!(answer.allowed);
    assert_eq!((answer.person.as_deref(), answer.name.as_deref(), answer.as_of), (Some("p-1"), Some("Ada"), date(DAY)));
}

#[test]
fn supplier_alone_is_asked_about_what_is_the_companys() {
    let answer = sound().ask(None, DAY);
    assert!(answer.allowed);
    let checks: Vec<Check> = answer.reasons.iter().map(|r| r.check).collect();
    assert_eq!(checks, [Check::Contract, Check::Termination, Check::Hold, Check::Assessment, Check::Acknowledgment]);
    let asked = sound().on("2027-01-07", "ack.requested", request("r-2", json!({"capacity": "company", "due": "2027-02-10"})));
    assert_eq!(
        asked.ask(None, DAY).reasons.last().unwrap().text,
        "Code of Conduct 1.0 for the company was asked for and is not signed yet, due 10 February 2027."
    );
    assert_eq!(asked.stops(DAY).len(), 1, "it stops everybody of the supplier");
    assert_eq!(asked.signs("2027-01-08", "r-2").stops(DAY), []);
}

#[test]
fn what_another_signatory_signed_for_the_company_counts() {
    let second = person(json!({"id": "p-2", "email": "bo@northwind.example"}));
    let company = json!({"capacity": "company", "due": "2027-02-10"});
    let story = sound().on("2027-01-07", "ack.requested", request("r-2", company.clone())).signs("2027-01-08", "r-2");
    let again = story.on("2027-01-09", "person.recorded", second).on("2027-01-09", "ack.requested", with(request("r-3", company), json!({"person": "p-2"})));
    assert_eq!(again.stops(DAY), []);
}

#[test]
fn only_a_contract_executed_by_both_sides_passes() {
    let rest = |story: Story| story.on("2027-01-04", "supplier.assessed", assessment(json!({}))).on("2027-01-04", "person.recorded", person(json!({})));
    assert_eq!(rest(Story::default()).stops(DAY), one(Check::Contract, "The supplier has no contract that both sides executed."));
    let issued = Story::default().on("2027-01-05", "pack.submitted", submission(PACK)).on("2027-01-05", "pack.issued", issue(PACK));
    assert_eq!(rest(issued.clone()).stops(DAY), one(Check::Contract, "Pack `0123456789ab` is issued, and not executed by both sides."));
    let half = issued.on("2027-01-06", "pack.signed", signing(PACK, "nda.pdf", &["ours", "theirs"], "2027-01-06"));
    assert_eq!(rest(half.clone()).stops(DAY), one(Check::Contract, "Pack `0123456789ab` is half-signed, and not executed by both sides."));
    let one_side = half.on("2027-01-06", "pack.signed", signing(PACK, "terms.pdf", &["ours"], "2027-01-06"));
    assert_eq!(rest(one_side.clone()).stops(DAY).len(), 1);
    let both = rest(one_side.on("2027-01-07", "pack.signed", signing(PACK, "terms.pdf", &["theirs"], "2027-01-07")));
    assert_eq!(both.stops(DAY), []);
    assert_eq!(both.stops("2027-01-07"), []);
    assert_eq!(both.stops("2027-01-06"), one(Check::Contract, "Pack `0123456789ab` is executed by both sides, but stands only from 7 January 2027."));
}

#[test]
fn adopted_contract_stands_from_its_first_to_its_last_day() {
    let adoption = json!({
        "pack": OTHER, "supplier": "northwind", "entity": "acme", "title": "Services", "file": digest("file"), "signed": "2027-01-02",
        "effective": "2027-01-10", "end": "2027-02-10", "mapping": {},
    });
    let story = Story::default().on("2027-01-05", "pack.adopted", adoption);
    let story = story.on("2027-01-05", "supplier.assessed", assessment(json!({}))).on("2027-01-05", "person.recorded", person(json!({})));
    assert_eq!(story.stops("2027-01-09")[0].0, Check::Contract);
    assert_eq!(story.stops("2027-01-10"), []);
    let contract = story.only(Check::Contract, DAY);
    assert_eq!((contract.until, contract.about.as_deref()), (Some(date("2027-02-10")), Some(OTHER)));
    assert_eq!(contract.text, "Contract `ba9876543210` was signed elsewhere and adopted and stands until 10 February 2027.");
    assert_eq!(story.stops("2027-02-10"), [], "the last day is a day of the contract");
    assert_eq!(story.stops("2027-02-11"), one(Check::Contract, "Contract `ba9876543210` was signed elsewhere and adopted, but ran out on 10 February 2027."));
}

#[test]
fn term_of_a_contract_ends_it_unless_it_renews_itself_or_was_renewed() {
    let termed = |renewal: &str| {
        let record = assessment(json!({"term": {"end": "2027-02-28", "renewal": renewal, "notice_days": 30}}));
        contract().on("2027-01-04", "supplier.assessed", record).on("2027-01-04", "person.recorded", person(json!({})))
    };
    assert_eq!(termed("by_agreement").only(Check::Contract, DAY).until, Some(date("2027-02-28")));
    assert_eq!(
        termed("by_agreement").stops("2027-03-01"),
        one(Check::Contract, "Pack `0123456789ab` is executed by both sides, but ran out on 28 February 2027.")
    );
    assert_eq!(termed("yearly").only(Check::Contract, DAY).until, None);
    assert_eq!(termed("yearly").stops("2027-03-01"), []);
    let evidence = |until: Value| {
        let evidence = json!({
            "evidence": "e-1", "supplier": "northwind", "obligation": format!("renewal/{PACK}"), "due": "2027-02-28", "file": digest("file"),
            "name": "renewal.pdf", "date": "2027-01-20", "scope": "renewal", "opinion": "none", "reviewer": "r",
        });
        termed("by_agreement").on("2027-01-20", "evidence.added", with(evidence, json!({"valid_until": until})))
    };
    assert_eq!(evidence(json!("2028-02-28")).only(Check::Contract, "2027-03-01").until, Some(date("2028-02-28")));
    assert_eq!(evidence(Value::Null).stops("2027-03-01").len(), 1, "that the end was prepared is no renewal");
}

#[test]
fn terminated_contract_stops_access_after_its_last_day() {
    let story = hired().on("2027-01-20", "pack.terminated", termination(PACK, "2027-02-15"));
    let pending = story.only(Check::Termination, DAY);
    assert_eq!((pending.passed, pending.until, pending.about.as_deref()), (true, Some(date("2027-02-15")), Some(PACK)));
    assert_eq!(pending.text, "Notice was given, and the contract `0123456789ab` ends on 15 February 2027.");
    assert_eq!(story.stops("2027-02-15"), []);
    assert_eq!(story.stops("2027-02-16"), one(Check::Termination, "The contract `0123456789ab` was terminated and ended on 15 February 2027."));
    let another = story.executed(OTHER, "2027-02-10", json!({}));
    assert_eq!(another.stops("2027-02-16"), [], "another contract stands");
    assert_eq!(another.only(Check::Termination, "2027-02-16").until, None);
    assert_eq!(another.only(Check::Contract, "2027-02-16").about.as_deref(), Some(OTHER));
    let both = another.on("2027-02-17", "pack.terminated", termination(OTHER, "2027-02-20"));
    assert_eq!(both.stops("2027-02-20"), []);
    assert_eq!(both.stops("2027-02-21").len(), 2, "each contract that ended is a reason");
}

#[test]
fn superseded_contract_stands_until_the_other_one_takes_effect() {
    let early = with(signing(OTHER, "nda.pdf", &["ours", "theirs"], "2027-01-20"), json!({"effective": "2027-03-01"}));
    let story = hired().on("2027-01-20", "pack.submitted", submission(OTHER)).on("2027-01-20", "pack.issued", issue(OTHER));
    let story = story.on("2027-01-20", "pack.signed", early).on("2027-01-20", "pack.signed", signing(OTHER, "terms.pdf", &["ours", "theirs"], "2027-01-20"));
    let story = story.on("2027-01-21", "pack.superseded", json!({"pack": PACK, "by": OTHER}));
    let before = story.only(Check::Contract, "2027-02-28");
    assert_eq!((before.about.as_deref(), before.until), (Some(PACK), Some(date("2027-02-28"))));
    let after = story.only(Check::Contract, "2027-03-01");
    assert_eq!((after.about.as_deref(), after.until), (Some(OTHER), None));
}

#[test]
fn pack_of_what_is_signed_before_any_assessment_says_so() {
    let story = Story::default().executed(PACK, "2027-01-05", json!({"before_assessment": true}));
    let answer = story.ask(None, DAY);
    assert_eq!(answer.reasons[0].text, "Pack `0123456789ab`, of what is signed before any assessment, is executed by both sides.");
    assert!(!answer.allowed, "it was never assessed");
}

#[test]
fn open_hold_stops_access() {
    let story = hired().on("2027-01-20", "supplier.assessed", assessment(json!({"date": "2027-01-20", "open_holds": ["sanctions", "breach"]})));
    assert_eq!(story.stops("2027-01-19"), [], "the assessment before has none");
    let open = |hold: &str| (Check::Hold, format!("The hold `{hold}` is open by the assessment of 20 January 2027."));
    assert_eq!(story.stops(DAY), [open("breach"), open("sanctions")]);
}

#[test]
fn decision_counts_through_the_assessment_that_took_it_and_until_its_last_day() {
    let decided = |members: Value| hired().on("2027-01-04", "decision.recorded", decision("d-1", members));
    let story = decided(json!({}));
    assert_eq!(story.only(Check::Hold, "2027-03-31").until, Some(date("2027-03-31")));
    let text = "The decision `d-1` that accepted the hold `sanctions` ran out on 31 March 2027, and the supplier was not assessed since.";
    assert_eq!(story.stops("2027-04-01"), one(Check::Hold, text));
    let renewed = story.clone().on("2027-03-20", "decision.recorded", decision("d-2", json!({"date": "2027-03-20", "expires": "2027-06-30"})));
    assert_eq!(renewed.only(Check::Hold, "2027-04-01").until, Some(date("2027-06-30")));
    let assessed = story.on("2027-04-01", "supplier.assessed", assessment(json!({"date": "2027-04-01"})));
    assert_eq!(assessed.stops("2027-04-01"), [], "the hold fires no more");
    for other in [json!({"profile": digest("another")}), json!({"supplier": "fabrikam"}), json!({"kind": "accept_obligation"})] {
        assert_eq!(decided(other).stops("2027-04-01"), [], "a decision about something else");
    }
    // What the compiler refuses, for want of authority, is recorded as well, and leaves the hold open.
    let refused = hired().on("2027-01-20", "supplier.assessed", assessment(json!({"date": "2027-01-20", "open_holds": ["sanctions"]})));
    let refused = refused.on("2027-01-21", "decision.recorded", decision("d-1", json!({})));
    assert_eq!(refused.stops(DAY).len(), 1);
}

#[test]
fn assessment_must_be_there_and_may_be_overdue() {
    let story = contract().on("2027-01-04", "person.recorded", person(json!({})));
    assert_eq!(story.stops(DAY), one(Check::Assessment, "The supplier was never assessed."));
    let story = story.on("2027-01-20", "supplier.assessed", assessment(json!({"date": "2027-01-20", "next_review": "2027-02-10"})));
    assert_eq!(story.stops("2027-01-19").len(), 1, "not yet assessed on that day");
    assert_eq!(story.stops("2027-02-11"), []);
    let text = "The supplier was assessed on 20 January 2027; its review, due by 10 February 2027, is overdue, which stops nothing here.";
    assert_eq!(story.only(Check::Assessment, "2027-02-11").text, text);
}

#[test]
fn person_works_for_the_supplier_on_the_day() {
    let story = |members: Value| contract().on("2027-01-04", "supplier.assessed", assessment(json!({}))).on("2027-01-04", "person.recorded", person(members));
    assert_eq!(story(json!({"supplier": "fabrikam"})).stops(DAY), one(Check::Person, "Ada belongs to `fabrikam`, not to `northwind`."));
    let ours = json!({"supplier": null, "department": "finance"});
    assert_eq!(story(ours).stops(DAY), one(Check::Person, "Ada belongs to our own `finance`, not to `northwind`."));
    let dated = story(json!({"start": "2027-01-10", "end": "2027-02-10"}));
    assert_eq!(dated.stops("2027-01-09"), one(Check::Person, "Ada starts only on 10 January 2027."));
    assert_eq!(dated.stops("2027-01-10"), []);
    assert_eq!(dated.only(Check::Person, DAY).until, Some(date("2027-02-10")));
    assert_eq!(dated.stops("2027-02-10"), []);
    assert_eq!(dated.stops("2027-02-11"), one(Check::Person, "Ada left; the last day was 10 February 2027."));
    let away = story(json!({"leave": [{"from": "2027-01-25", "until": "2027-02-05", "reason": "holiday"}]}));
    let text = "Ada belongs to `northwind` since 1 January 2026, and is on leave until 5 February 2027, which stops nothing here.";
    assert_eq!(away.only(Check::Person, DAY).text, text);
    let both = story(json!({"supplier": "fabrikam", "end": "2027-01-31"}));
    assert_eq!(both.stops(DAY).len(), 2, "each is a reason");
}

#[test]
fn access_needs_the_acknowledgment_and_a_renewal_does_not_stop_it() {
    let asked = asked();
    assert_eq!(asked.stops("2027-01-06"), one(Check::Acknowledgment, "Code of Conduct 1.0 was asked for and is not signed yet, due 19 January 2027."));
    assert_eq!(asked.stops("2027-01-20"), one(Check::Acknowledgment, "Code of Conduct 1.0 was due on 19 January 2027 and is not signed."));
    let signed = asked.clone().signs("2027-01-10", "r-1");
    assert_eq!(signed.stops("2027-01-09").len(), 1, "not signed yet on that day");
    assert_eq!(signed.stops("2027-01-10"), []);
    assert_eq!(signed.only(Check::Acknowledgment, DAY).until, Some(date("2028-01-10")));
    assert_eq!(signed.stops("2028-01-11"), one(Check::Acknowledgment, "The acknowledgment of Code of Conduct 1.0 ran out on 10 January 2028."));
    let renewal = json!({"version": "1.1", "due": "2028-01-10", "occasion": "renewal"});
    let renewing = signed.clone().on("2027-12-15", "policy.published", policy("1.1", json!({})));
    let renewing = renewing.on("2027-12-20", "ack.requested", request("r-2", renewal));
    let reason = renewing.only(Check::Acknowledgment, "2028-01-10");
    assert_eq!((reason.passed, reason.about.as_deref(), reason.until), (true, Some("r-2"), Some(date("2028-01-10"))));
    assert_eq!(renewing.stops("2028-01-11").len(), 1);
    assert_eq!(renewing.signs("2027-12-21", "r-2").stops("2028-01-11"), []);
    let material = signed.on("2027-01-20", "policy.published", policy("2.0", json!({"change": "major"})));
    let material = material.on("2027-01-20", "ack.requested", request("r-2", json!({"version": "2.0", "due": "2027-02-10", "occasion": "new_version"})));
    assert_eq!(material.stops(DAY).len(), 1, "a material change counts at once");
    let declined = asked.on("2027-01-10", "ack.declined", ending("r-1", json!({})));
    assert_eq!(declined.stops(DAY), one(Check::Acknowledgment, "The acknowledgment of Code of Conduct 1.0 was declined."));
    let newer = declined.on("2027-01-20", "policy.published", policy("2.0", json!({"change": "major"})));
    let newer = newer.on("2027-01-20", "ack.requested", request("r-2", json!({"version": "2.0", "due": "2027-02-10"}))).signs("2027-01-21", "r-2");
    assert_eq!(newer.stops(DAY), [], "what was declined before a newer version was signed is over");
}

#[test]
fn ended_requests_pass_but_a_voided_signature_counts_as_none() {
    let asked = asked();
    assert_eq!(asked.clone().on("2027-01-10", "ack.closed", ending("r-1", json!({}))).stops(DAY), []);
    assert_eq!(asked.clone().on("2027-01-10", "ack.delegated", ending("r-1", json!({"successor": "r-9"}))).stops(DAY), []);
    let voided = asked.signs("2027-01-06", "r-1").on("2027-01-10", "ack.voided", ending("r-1", json!({})));
    assert_eq!(voided.stops(DAY), one(Check::Acknowledgment, "The signature of Code of Conduct 1.0 does not count, and nobody was asked again."));
    let again = voided.clone().on("2027-01-11", "ack.requested", request("r-2", json!({"due": "2027-02-10"})));
    assert_eq!(again.stops(DAY).len(), 1);
    assert_eq!(again.signs("2027-01-12", "r-2").stops(DAY), []);
    let withdrawn = voided.on("2027-01-20", "policy.withdrawn", json!({"policy": "code", "date": "2027-01-20", "reason": "test"}));
    assert_eq!(withdrawn.only(Check::Acknowledgment, DAY).text, "Code of Conduct is not asked for since 20 January 2027.");
}

#[test]
fn exemption_passes_until_its_last_day() {
    let exemption = |what: Value| {
        let exemption = with(json!({"from": "2027-01-05", "until": "2027-02-20", "reason": "secondment", "approver": "dpo@acme.example"}), what);
        person(json!({"exemptions": [exemption]}))
    };
    let exempt = trained(asked().on("2027-01-05", "person.recorded", exemption(json!({}))));
    assert_eq!(exempt.only(Check::Acknowledgment, "2027-02-20").until, Some(date("2027-02-20")));
    assert_eq!(exempt.only(Check::Training, "2027-02-20").until, Some(date("2027-02-20")));
    assert_eq!(exempt.stops("2027-02-20"), []);
    let checks: Vec<Check> = exempt.stops("2027-02-21").into_iter().map(|(check, _)| check).collect();
    assert_eq!(checks, [Check::Acknowledgment, Check::Training]);
    let unasked = hired().on("2027-01-04", "policy.published", policy("1.0", json!({})));
    assert_eq!(unasked.stops(DAY), one(Check::Acknowledgment, "Ada was never asked to acknowledge any policy."));
    assert_eq!(unasked.on("2027-01-05", "person.recorded", exemption(json!({"policy": "code"}))).stops(DAY), []);
}

#[test]
fn who_was_never_asked_passes_only_where_nothing_is_asked_for() {
    assert_eq!(hired().only(Check::Acknowledgment, DAY).text, "No policy is asked for.");
    let company = hired().on("2027-01-04", "policy.published", policy("1.0", json!({"acknowledged_by": "company"})));
    assert_eq!(company.stops(DAY), []);
    let published = hired().on("2027-01-04", "policy.published", policy("1.0", json!({"date": "2027-01-20"})));
    assert_eq!(published.stops("2027-01-19"), []);
    assert_eq!(published.stops("2027-01-20").len(), 1);
    let withdrawn = published.on("2027-01-25", "policy.withdrawn", json!({"policy": "code", "date": "2027-01-25", "reason": "test"}));
    assert_eq!(withdrawn.stops(DAY), []);
}

#[test]
fn training_passes_until_its_days_of_grace_are_over() {
    let story = trained(hired());
    let reason = story.only(Check::Training, DAY);
    assert_eq!(reason.text, "Security refresher is not completed yet, and is due by 4 February 2027.");
    assert_eq!((reason.until, reason.about.as_deref()), (Some(date("2027-02-14")), Some("refresher")));
    let text = "Security refresher was due on 4 February 2027, and its days of grace last until 14 February 2027.";
    assert_eq!(story.only(Check::Training, "2027-02-14").text, text);
    assert_eq!(story.stops("2027-02-14"), []);
    assert_eq!(story.stops("2027-02-15"), one(Check::Training, "Security refresher was due on 4 February 2027 and is not completed."));
    let done = story.on("2027-02-16", "training.recorded", completion("c-1", "2027-02-16"));
    assert_eq!(done.stops("2027-02-15").len(), 1);
    assert_eq!(done.only(Check::Training, "2027-02-16").until, Some(date("2028-02-26")));
    assert_eq!(hired().only(Check::Training, DAY).text, "No course is assigned to Ada.");
}

#[test]
fn reasons_that_fail_together_are_all_listed_in_order() {
    let story = trained(asked()).on("2027-01-20", "supplier.assessed", assessment(json!({"date": "2027-01-20", "open_holds": ["sanctions"]})));
    let story = story.on("2027-01-20", "person.recorded", person(json!({"supplier": "fabrikam"})));
    let story = story.on("2027-01-20", "pack.terminated", termination(PACK, "2027-01-31"));
    let checks: Vec<Check> = story.stops("2027-03-01").into_iter().map(|(check, _)| check).collect();
    assert_eq!(checks, [Check::Termination, Check::Hold, Check::Person, Check::Acknowledgment, Check::Training]);
    let all: Vec<Check> = story.ask(Some("p-1"), "2027-03-01").reasons.into_iter().map(|r| r.check).collect();
    assert!(all.is_sorted());
}

#[test]
fn until_is_the_last_day_that_passes() {
    let story = trained(asked().signs("2027-01-06", "r-1")).on("2027-01-20", "pack.terminated", termination(PACK, "2027-03-15"));
    let story = story.on("2027-01-04", "decision.recorded", decision("d-1", json!({})));
    let mut day = date("2027-01-10");
    let mut seen = 0;
    // From every yes, the earliest `until` is the last yes.
    while day < date("2027-04-10") {
        let answer = story.ask(Some("p-1"), &day.to_string());
        let last = answer.reasons.iter().filter_map(|r| r.until).min().unwrap_or(day);
        if answer.allowed {
            assert!(story.ask(Some("p-1"), &last.to_string()).allowed, "{day}: {last}");
            assert!(!story.ask(Some("p-1"), &last.plus_days(1).to_string()).allowed, "{day}: {last}");
            seen += 1;
        }
        assert!(answer.reasons.iter().all(|r| r.passed || r.until.is_none()));
        day = day.plus_days(1);
    }
    assert!(seen > 30);
}

#[test]
fn today_is_the_persons_and_for_the_supplier_that_of_utc() {
    let story = Story::default().on("2027-01-04", "person.recorded", person(json!({"time_zone": "Pacific/Auckland"})));
    let day = |person| gate(&story.0, "northwind", person, None, "2027-02-01T12:00:00.000Z".parse().unwrap()).unwrap().as_of.to_string();
    assert_eq!(day(Some("p-1")), "2027-02-02");
    assert_eq!(day(None), "2027-02-01");
}

#[test]
fn who_is_unknown_gets_no_answer() {
    let story = sound();
    let ask = |supplier: &str, person: Option<&str>| gate(&story.0, supplier, person, Some(date(DAY)), noon(DAY)).unwrap_err();
    let unknown = ask("northwnid", None);
    assert_eq!((unknown.to_string().as_str(), unknown.help()), ("nothing is recorded of a supplier `northwnid`", "did you mean `northwind`?"));
    assert!(ask("zzz", None).help().contains("countersign sync"));
    assert_eq!(ask("northwind", Some("p-9")), UnknownSubject::Person("p-9".to_owned()));
    let erased = json!({"person": "p-1", "entries": [], "reason": "test", "kept_until": "2027-01-31"});
    let erased = sound().on("2027-02-01", "person.erased", erased);
    assert!(gate(&erased.0, "northwind", Some("p-1"), Some(date(DAY)), noon(DAY)).is_err());
}

#[test]
fn answer_has_a_schema_with_every_field_described() {
    let schema = schemars::schema_for!(GateAnswer).to_value();
    let described = |fields: &Value| fields.as_object().unwrap().values().all(|field| field["description"].is_string());
    assert!(described(&schema["properties"]) && described(&schema["$defs"]["GateReason"]["properties"]));
    let answer = serde_json::to_value(hired().ask(None, DAY)).unwrap();
    assert_eq!(answer["reasons"][1], json!({"check": "termination", "passed": true, "text": "No contract of the supplier was terminated."}));
}
