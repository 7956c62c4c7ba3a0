//! The fold of packs and the rules of their way, without a register.

use std::collections::BTreeMap;

use countersign::base::digest::Digest;
use countersign::base::instant::Instant;
use countersign::contract::clause::Obligor;
use countersign::contract::entity::{Authority, Signatory, Signing as SigningDuty, SigningRule};
use countersign::contract::exit::due;
use countersign::contract::lifecycle::{Contracts, PackState};
use countersign::contract::milestone::{
    Adoption, Approval, Comparison, ExitDeadline, ExitStart, Issue, PackDocument, PackObligation, Recipient, Rejection, Side, Signature, Signing, Submission,
    Supersession, Termination,
};
use countersign::contract::permission::{Authorities, holder};
use countersign::contract::risk::Tier;
use countersign::ledger::leaf::is_kind;
use countersign::record::event::PAYLOAD_VERSION;
use countersign::record::{Event, Payload};
use countersign::rule::finding::{Cause, Finding, Severity};
use proptest::prelude::*;

use crate::suite::shelf::seeded;

const PACK: &str = "3f9a12c4d0e1";
const OTHER: &str = "3f9b00000000";

fn at() -> Instant {
    "2026-11-25T10:00:00.000Z".parse().unwrap()
}

fn person(name: &str, email: &str) -> Authority {
    Authority { name: name.to_owned(), email: email.to_owned() }
}

fn authorities() -> Authorities {
    let (dervla, marcus) = (person("Dervla Quinlan", "dervla@example.com"), person("Marcus Tredinnick", "marcus@example.com"));
    let (lucan, priyanka) = (person("Lucan Verschoyle", "lucan@example.com"), person("Priyanka Sethi", "priyanka@example.com"));
    BTreeMap::from([("legal".to_owned(), vec![dervla, marcus]), ("security".to_owned(), vec![lucan, priyanka])])
}

fn document(file: &str, kind: Option<&str>) -> PackDocument {
    PackDocument { file: file.to_owned(), kind: kind.map(str::to_owned), sha256: Digest::of(file.as_bytes()) }
}

fn submission(pack: &str, supplier: &str, author: &str) -> Submission {
    Submission {
        pack: pack.to_owned(),
        manifest: Digest::of(b"manifest"),
        supplier: supplier.to_owned(),
        entity: "digital-ie".to_owned(),
        date: "2026-11-21".parse().unwrap(),
        tier: Some(Tier::High),
        before_assessment: false,
        profile: Digest::of(b"profile"),
        documents: vec![document("DPA.pdf", Some("dpa")), document("NDA.pdf", Some("nda"))],
        roles: vec!["legal".to_owned(), "security".to_owned()],
        author: author.to_owned(),
        obligations: vec![obligation()],
    }
}

fn obligation() -> PackObligation {
    PackObligation {
        document: "termination".to_owned(),
        id: "termination.access/end".to_owned(),
        who: Obligor::Supplier,
        what: "end all access".to_owned(),
        trigger: "End Date".to_owned(),
        deadline: "24 hours".to_owned(),
    }
}

fn approval(role: &str, approver: &Authority) -> Approval {
    Approval { pack: PACK.to_owned(), manifest: Digest::of(b"manifest"), role: role.to_owned(), approver: approver.clone(), note: None }
}

fn issue() -> Issue {
    let recipients = vec![Recipient { name: "Ines".to_owned(), email: "ines@supplier.example".to_owned() }];
    Issue { pack: PACK.to_owned(), manifest: Digest::of(b"manifest"), recipients, documents: vec![document("DPA.pdf", Some("dpa"))] }
}

fn signature(party: Side, name: &str) -> Signature {
    Signature { party, name: name.to_owned(), title: "Director".to_owned(), date: "2026-11-26".parse().unwrap() }
}

fn signing(document: &str, signatures: Vec<Signature>) -> Signing {
    Signing {
        pack: PACK.to_owned(),
        document: document.to_owned(),
        issued: Digest::of(document.as_bytes()),
        file: Digest::of(b"signed"),
        comparison: Comparison::BeginsWith,
        signatures,
        method: "esign".to_owned(),
        effective: Some("2026-11-26".parse().unwrap()),
    }
}

fn rejection() -> Rejection {
    let approver = person("Dervla Quinlan", "dervla@example.com");
    Rejection { pack: PACK.to_owned(), manifest: Digest::of(b"manifest"), role: "legal".to_owned(), approver, reason: "no".to_owned() }
}

fn adoption(pack: &str, supplier: &str) -> Adoption {
    Adoption {
        pack: pack.to_owned(),
        supplier: supplier.to_owned(),
        entity: "digital-ie".to_owned(),
        title: "Old terms".to_owned(),
        file: Digest::of(b"old"),
        signed: "2020-01-01".parse().unwrap(),
        effective: "2020-01-01".parse().unwrap(),
        end: None,
        mapping: BTreeMap::from([("term-survival".to_owned(), "14.1".to_owned())]),
    }
}

fn termination() -> Termination {
    let (notice, end) = ("2027-01-04".parse().unwrap(), "2027-03-31".parse().unwrap());
    let deadlines = vec![ExitDeadline { obligation: obligation(), starts: ExitStart::End, due: None }];
    Termination { pack: PACK.to_owned(), notice, end, reason: "over".to_owned(), deadlines }
}

fn finding() -> Finding {
    Finding {
        finding: format!("{PACK}.term-survival"),
        title: "nothing in the contract says what survives".to_owned(),
        cause: Cause::Gap { pack: PACK.to_owned(), requirement: "term-survival".to_owned(), source: "practice".to_owned(), force: "practice".to_owned() },
        severity: Severity::Minor,
        supplier: Some("northwind".to_owned()),
        person: None,
        owner: None,
        due: None,
    }
}

fn submitted(author: &str) -> Contracts {
    let mut contracts = Contracts::default();
    contracts.submit(1, at(), submission(PACK, "northwind", author));
    contracts
}

fn issued() -> Contracts {
    let mut contracts = submitted("tobias");
    let people = authorities();
    contracts.approve(2, at(), approval("legal", &people["legal"][0]));
    contracts.approve(3, at(), approval("security", &people["security"][0]));
    contracts.issue(4, at(), issue());
    contracts
}

fn state(contracts: &Contracts) -> PackState {
    contracts.packs[PACK].state()
}

#[test]
fn state_follows_from_what_happened() {
    let people = authorities();
    let mut contracts = submitted("tobias");
    assert_eq!(state(&contracts), PackState::Submitted);
    contracts.approve(2, at(), approval("security", &people["security"][0]));
    assert_eq!((state(&contracts), contracts.packs[PACK].missing_roles()), (PackState::Submitted, vec!["legal"]));
    contracts.reject(3, at(), rejection());
    assert_eq!(state(&contracts), PackState::Rejected);
    contracts.submit(4, at(), submission(PACK, "northwind", "tobias"));
    assert_eq!((state(&contracts), contracts.packs[PACK].missing_roles().len(), contracts.packs[PACK].rejections.len()), (PackState::Submitted, 2, 1));

    let mut contracts = issued();
    assert_eq!(state(&contracts), PackState::Issued);
    contracts.sign(5, at(), signing("NDA.pdf", vec![signature(Side::Ours, "Niamh"), signature(Side::Theirs, "Ines")]));
    assert_eq!((state(&contracts), contracts.packs[PACK].document_state("NDA.pdf")), (PackState::HalfSigned, PackState::Executed));
    assert_eq!(contracts.packs[PACK].document_state("DPA.pdf"), PackState::Issued);
    contracts.sign(6, at(), signing("DPA.pdf", vec![signature(Side::Theirs, "Ines")]));
    assert_eq!(contracts.packs[PACK].document_state("DPA.pdf"), PackState::HalfSigned);
    contracts.sign(7, at(), signing("DPA.pdf", vec![signature(Side::Ours, "Niamh")]));
    assert_eq!(state(&contracts), PackState::Executed);
    contracts.supersede(8, at(), Supersession { pack: PACK.to_owned(), by: OTHER.to_owned() });
    assert_eq!((state(&contracts), contracts.packs[PACK].document_state("DPA.pdf")), (PackState::Superseded, PackState::Superseded));
    contracts.terminate(9, at(), termination());
    assert_eq!(state(&contracts), PackState::Terminated);
}

#[test]
fn what_names_no_pack_changes_nothing() {
    let mut contracts = Contracts::default();
    contracts.approve(1, at(), approval("legal", &authorities()["legal"][0]));
    contracts.reject(2, at(), rejection());
    contracts.issue(3, at(), issue());
    contracts.sign(4, at(), signing("NDA.pdf", Vec::new()));
    contracts.terminate(5, at(), termination());
    assert_eq!(contracts, Contracts::default());
}

#[test]
fn pack_is_found_by_the_first_digits_that_only_it_has() {
    let mut contracts = submitted("tobias");
    contracts.submit(2, at(), submission(OTHER, "northwind", "tobias"));
    assert_eq!(contracts.find("3f9a").unwrap().id(), PACK);
    assert_eq!(contracts.find(OTHER).unwrap().id(), OTHER);
    let refusal = contracts.find("3f9").unwrap_err();
    assert!(refusal.message.contains("could be 2 packs: 3f9a12c4d0e1, 3f9b00000000"), "{refusal}");
    assert!(contracts.find("4").is_err() && contracts.find("").is_err());
}

#[test]
fn author_is_known_by_name_address_or_both() {
    let people = authorities();
    let (dervla, marcus) = (&people["legal"][0], &people["legal"][1]);
    for author in ["dervla@example.com", "DERVLA@Example.com", " dervla  quinlan ", "Dervla Quinlan <dervla@example.com>", "D. Q. <dervla@EXAMPLE.com>"] {
        let contracts = submitted(author);
        let pack = &contracts.packs[PACK];
        assert!(pack.may_approve("legal", dervla, &people).unwrap_err().message.contains("nobody approves their own"), "{author}");
        assert_eq!(pack.may_approve("legal", marcus, &people), Ok(()), "{author}");
        assert_eq!(pack.may_reject("legal"), Ok(()), "the author may withdraw");
    }
    // Another mailbox of the same person.
    let mut people = people.clone();
    people.insert("buyer".to_owned(), vec![person("Dervla Quinlan", "d.quinlan@example.com")]);
    let contracts = submitted("d.quinlan@example.com");
    assert!(contracts.packs[PACK].may_approve("legal", &people["legal"][0], &people).is_err());
}

#[test]
fn second_role_is_for_the_case_that_nobody_else_could() {
    let mut people = authorities();
    let (dervla, marcus) = (people["legal"][0].clone(), people["legal"][1].clone());
    let mut contracts = submitted("tobias");
    contracts.approve(2, at(), approval("legal", &dervla));
    let may = |people: &Authorities, contracts: &Contracts| contracts.packs[PACK].may_approve("security", &dervla, people);
    // Marcus could.
    people.insert("security".to_owned(), vec![dervla.clone(), marcus.clone()]);
    assert!(may(&people, &contracts).unwrap_err().message.contains("as `legal` already, and others hold the role `security`"));
    // Nobody else is listed.
    people.insert("security".to_owned(), vec![dervla.clone()]);
    assert_eq!(may(&people, &contracts), Ok(()));
    // Whoever else is listed made the pack.
    let mut by_marcus = submitted("Marcus Tredinnick");
    by_marcus.approve(2, at(), approval("legal", &dervla));
    people.insert("security".to_owned(), vec![dervla.clone(), marcus]);
    assert_eq!(may(&people, &by_marcus), Ok(()));
}

#[test]
fn role_approves_once_unless_the_approver_lost_it() {
    let mut people = authorities();
    let (dervla, marcus) = (people["legal"][0].clone(), people["legal"][1].clone());
    let mut contracts = submitted("tobias");
    contracts.approve(2, at(), approval("legal", &dervla));
    assert!(contracts.packs[PACK].may_approve("legal", &marcus, &people).unwrap_err().message.contains("approved as `legal` already"));
    contracts.approve(3, at(), approval("security", &people["security"][0]));
    assert!(contracts.packs[PACK].may_issue(&people).is_ok());
    people.insert("legal".to_owned(), vec![marcus.clone()]);
    assert!(contracts.packs[PACK].may_issue(&people).unwrap_err().message.contains("no longer holds that role"));
    assert_eq!(contracts.packs[PACK].may_approve("legal", &marcus, &people), Ok(()));
    contracts.approve(4, at(), approval("legal", &marcus));
    assert!(contracts.packs[PACK].may_issue(&people).is_ok());
    assert!(holder(&people, "legal", "DERVLA@example.com").is_err());
    assert_eq!(holder(&people, "legal", "MARCUS@example.com"), Ok(&marcus));
}

#[test]
fn joint_signatories_count_over_all_files_of_a_document() {
    let signatory = |name: &str| Signatory { name: name.to_owned(), title: "Director".to_owned() };
    let duty = SigningDuty { rule: SigningRule::TwoJointly, signatories: vec![signatory("Aoife"), signatory("Cormac"), signatory("Sinéad")] };
    let today = "2026-11-27".parse().unwrap();
    let mut contracts = issued();
    let may = |contracts: &Contracts, names: &[&str]| {
        let signatures: Vec<Signature> = names.iter().map(|name| signature(Side::Ours, name)).collect();
        let pack = &contracts.packs[PACK];
        pack.may_sign(pack.document("nda").unwrap(), &signatures, &duty, today)
    };
    assert!(may(&contracts, &["Aoife"]).unwrap_err().message.contains("2 signatories of `digital-ie` sign jointly, and 1 did"));
    assert!(may(&contracts, &["Aoife", "AOIFE"]).is_err(), "one person is one");
    assert_eq!(may(&contracts, &["Aoife", "Sinéad"]), Ok(()));
    contracts.sign(5, at(), signing("NDA.pdf", vec![signature(Side::Ours, "Aoife"), signature(Side::Ours, "Cormac")]));
    assert_eq!(may(&contracts, &["Sinéad"]), Ok(()), "two have signed before");
    assert!(contracts.packs[PACK].document("sla").is_err());
}

#[test]
fn what_both_sides_signed_gives_way_only_to_what_both_signed() {
    let mut contracts = issued();
    contracts.adopt(5, at(), adoption(OTHER, "northwind"));
    contracts.adopt(6, at(), adoption("aaaaaaaaaaaa", "southwind"));
    let may = |contracts: &Contracts, old: &str, new: &str| contracts.may_supersede(&contracts.packs[old], &contracts.packs[new]);
    assert!(may(&contracts, OTHER, PACK).unwrap_err().message.contains("is only issued"));
    assert_eq!(may(&contracts, PACK, OTHER), Ok(()), "what is not signed gives way to anything that stands");
    assert!(may(&contracts, PACK, "aaaaaaaaaaaa").is_err() && may(&contracts, PACK, PACK).is_err());
    contracts.supersede(7, at(), Supersession { pack: PACK.to_owned(), by: OTHER.to_owned() });
    assert!(may(&contracts, OTHER, PACK).is_err() && may(&contracts, PACK, OTHER).is_err());
}

#[test]
fn every_event_of_a_pack_survives_its_canonical_form() {
    let approver = person("Dervla Quinlan", "dervla@example.com");
    let events = [
        Event::PackSubmitted(Box::new(submission(PACK, "northwind", "tobias"))),
        Event::PackSubmitted(Box::new(Submission { tier: None, documents: vec![document("PACK.pdf", None)], ..submission(PACK, "northwind", "tobias") })),
        Event::PackApproved(approval("legal", &approver)),
        Event::PackApproved(Approval { note: Some("seen".to_owned()), ..approval("legal", &approver) }),
        Event::PackRejected(rejection()),
        Event::PackIssued(issue()),
        Event::PackSigned(Box::new(signing("NDA.pdf", vec![signature(Side::Ours, "Niamh")]))),
        Event::PackAdopted(Box::new(adoption(PACK, "northwind"))),
        Event::PackSuperseded(Supersession { pack: PACK.to_owned(), by: OTHER.to_owned() }),
        Event::PackTerminated(termination()),
        Event::FindingOpened(Box::new(finding())),
    ];
    for event in events {
        assert!(is_kind(event.kind()), "{}", event.kind());
        assert_eq!(event.subject(), None, "no entry of a pack is destroyed with a person");
        let kept = event.files().len();
        let expected = match &event {
            Event::PackSubmitted(submission) => submission.documents.len(),
            Event::PackIssued(_) | Event::PackAdopted(_) => 1,
            Event::PackSigned(_) => 2,
            _ => 0,
        };
        assert_eq!(kept, expected, "{}", event.kind());
        let payload = Payload { version: PAYLOAD_VERSION, recorded: at(), clock: None, by: "tobias".to_owned(), event };
        let bytes = payload.encode();
        assert_eq!(Payload::decode_strict(&bytes).unwrap(), payload, "{}", String::from_utf8_lossy(&bytes));
    }
}

proptest! {
    #![proptest_config(seeded(256))]

    #[test]
    fn deadlines_are_monotone(from in 0_i32..3_000, later in 0_i32..40, figure in 0_u32..500, more in 0_u32..40, unit in 0_usize..6) {
        let unit = ["hours", "calendar days", "business days", "working days", "months", "years"][unit];
        let day = |days: i32| "2024-01-01".parse::<countersign::base::date::Date>().unwrap().plus_days(days);
        let due = |days: i32, figure: u32| due(day(days), &format!("{figure} {unit}")).unwrap();
        prop_assert!(due(from, figure) <= due(from + later, figure), "a later start is due no earlier");
        prop_assert!(due(from, figure) <= due(from, figure + more), "a longer span is due no earlier");
        prop_assert!(due(from, 0) == day(from));
    }
}
