//! The register in bad company: two writers at once, death in the middle, full disks, damaged files, wrong keys, wrong clocks.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use countersign::ledger::key::{Origin, SigningKey};
use countersign::ledger::verify::Frontier;
use countersign::project::DiskError;
use countersign::project::register as files;
use countersign::store::{SqliteStore, Store, StoreError};
use countersign::workflow::ledger::rotate::{retire, rotate};
use countersign::workflow::ledger::verify::verify;
use countersign::workflow::register::{Edge, Register, RegisterError};

use crate::suite::world::{ORIGIN, START, begin, begun, database, edge, faults, key_files, open, record};

/// Entries that each of two writers records.
const EACH: u64 = 200;

/// Folder and name for [`child`]: set where the test binary calls itself as a process of its own.
const CHILD: &str = "COUNTERSIGN_TEST_CHILD";

/// The test binary as another process, at work on a register.
fn child(task: &str, root: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "suite::register::work_of_another_process", "--nocapture"]);
    command.env(CHILD, format!("{task}:{}", root.display())).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// No test of its own: what [`child`] does.
#[test]
fn work_of_another_process() {
    let Ok(work) = std::env::var(CHILD) else { return };
    let (task, root) = work.split_once(':').unwrap();
    let root = Path::new(root);
    match task {
        "write-a" | "write-b" => write(root, task),
        "churn" => churn(root),
        "full" => full(root),
        "frozen" => frozen(root),
        other => panic!("no task `{other}`"),
    }
}

fn write(root: &Path, name: &str) {
    let mut register = open(root).unwrap();
    for number in 0..EACH {
        record(&mut register, &format!("{name}-{number}")).unwrap();
    }
}

/// Nothing is lost, doubled or out of order.
fn everybody_is_there(root: &Path, names: &[&str]) {
    let register = open(root).unwrap();
    assert_eq!(register.state().size, 1 + EACH * names.len() as u64);
    let mut expected: Vec<String> = names.iter().flat_map(|name| (0..EACH).map(move |number| format!("{name}-{number}"))).collect();
    expected.sort();
    assert!(register.state().book.people.keys().eq(expected.iter()));
    drop(register);
    assert_eq!(faults(root), [""; 0]);
}

#[test]
fn two_processes_record_at_once() {
    let (folder, register) = begun();
    drop(register);
    let children = ["write-a", "write-b"].map(|task| child(task, folder.path()).spawn().unwrap());
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    everybody_is_there(folder.path(), &["write-a", "write-b"]);
}

#[test]
fn two_threads_record_at_once() {
    let (folder, register) = begun();
    drop(register);
    std::thread::scope(|scope| {
        for name in ["thread-a", "thread-b"] {
            scope.spawn(|| write(folder.path(), name));
        }
    });
    everybody_is_there(folder.path(), &["thread-a", "thread-b"]);
}

/// Records people and changes keys until somebody ends it.
fn churn(root: &Path) {
    let mut register = open(root).unwrap();
    for number in 0.. {
        record(&mut register, &format!("person-{}-{number}", std::process::id())).unwrap();
        let new = rotate(&mut register, "churn").unwrap();
        let old = register.state().keys.iter().find(|key| **key != new.to_string()).cloned().unwrap();
        retire(&mut register, &old, "churn").unwrap();
    }
}

#[test]
fn killed_writers_leave_a_register_that_holds() {
    let (folder, register) = begun();
    drop(register);
    let mut before = 1;
    for round in 0..8_u64 {
        let mut child = child("churn", folder.path()).spawn().unwrap();
        // Long enough to be in the middle of something, and never at the same place.
        std::thread::sleep(Duration::from_millis(150 + 37 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(faults(folder.path()), [""; 0], "round {round}");
        let mut register = open(folder.path()).unwrap();
        assert!(register.state().size >= before);
        record(&mut register, &format!("after-{round}")).unwrap();
        before = register.state().size;
        drop(register);
        assert_eq!(faults(folder.path()), [""; 0], "round {round}, after recording on");
    }
    assert!(before > 9, "the writers came to write: {before}");
}

#[test]
fn foreign_writer_is_waited_for_and_then_named() {
    let (folder, register) = begun();
    drop(register);
    let foreign = database(folder.path());
    foreign.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut store = SqliteStore::open_waiting(&folder.path().join("countersign.db"), false, Duration::from_secs(1)).unwrap();
    let refused = store.unit().err().unwrap();
    assert_eq!(refused.to_string(), "another process is writing to the register, and did not finish within 1 seconds");
    assert_eq!(store.view().unwrap().size().unwrap(), 1, "reading goes on");
    foreign.execute_batch("ROLLBACK").unwrap();
    assert!(store.unit().is_ok());
}

/// A file system of its own for a child, small and gone with it; `None` where this machine does not let us.
fn on_small_disk(task: &str, kilobytes: u32) -> Option<()> {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("mount -t tmpfs -o size={kilobytes}k,mode=700 tmpfs \"$0\" || exit 77; exec \"$@\"");
    let child = child(task, folder.path());
    for namespace in [&["--mount"][..], &["--user", "--map-root-user", "--mount"]] {
        let mut command = Command::new("unshare");
        command.args(namespace).args(["sh", "-c", &script]).arg(folder.path()).arg(child.get_program()).args(child.get_args());
        command.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
        match command.output() {
            Ok(output) if output.status.success() => return Some(()),
            Ok(output) if output.status.code() == Some(101) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
            _ => {}
        }
    }
    eprintln!("SKIPPED: no file system can be mounted here (unshare, mount), so `{task}` was not tried");
    None
}

#[test]
fn full_disk_records_nothing_by_halves() {
    on_small_disk("full", 900);
}

/// On a disk of a few hundred kilobytes.
fn full(root: &Path) {
    let ballast = root.join("ballast");
    std::fs::write(&ballast, [0; 200_000]).unwrap();
    let mut register = begin(root);
    let mut number = 0;
    let failure = loop {
        match record(&mut register, &format!("person-{number}")) {
            Ok(()) => number += 1,
            Err(error) => break error,
        }
    };
    let size = match &failure {
        RegisterError::Store(StoreError::Full) => number + 1,
        // The commit found room, the copy of its checkpoint did not: then it is recorded, and the message says so.
        RegisterError::Uncopied { size, .. } => *size,
        RegisterError::Disk(DiskError::Write { .. }) => number + 1,
        other => panic!("{other:?}"),
    };
    assert!(size > 3, "{number} entries fit");
    drop(register);
    // Somebody makes room.
    std::fs::remove_file(ballast).unwrap();
    let mut register = open(root).unwrap();
    assert_eq!(register.state().size, size, "{failure}");
    record(&mut register, "after").unwrap();
    drop(register);
    assert_eq!(faults(root), [""; 0]);
}

#[test]
fn read_only_disk_is_named() {
    on_small_disk("frozen", 2_000);
}

fn frozen(root: &Path) {
    let mut register = begin(root);
    record(&mut register, "person-1").unwrap();
    drop(register);
    assert!(Command::new("mount").args(["-o", "remount,ro"]).arg(root).status().unwrap().success());
    let refused = open(root).and_then(|mut register| record(&mut register, "person-2")).unwrap_err();
    assert!(matches!(refused, RegisterError::Store(StoreError::ReadOnly(_))), "{refused:?}");
}

#[test]
fn damaged_files_are_damage_and_not_an_empty_register() {
    let (folder, mut register) = begun();
    for number in 0..60 {
        record(&mut register, &format!("person-{number}")).unwrap();
    }
    drop(register);
    let path = folder.path().join("countersign.db");
    let whole = std::fs::read(&path).unwrap();
    let refused = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let verified = verify(folder.path(), false).map(|findings| findings.faults.iter().map(ToString::to_string).collect::<Vec<_>>());
        (open(folder.path()).unwrap_err(), verified)
    };
    let (cut, verified) = refused(&whole[..whole.len() / 2]);
    assert!(matches!(&cut, RegisterError::Store(StoreError::Damaged(_)) | RegisterError::Integrity { .. }), "{cut:?}");
    assert!(matches!(&verified, Err(RegisterError::Store(StoreError::Damaged(_)))), "{verified:?}");
    let (garbage, verified) = refused(&whole.iter().map(|byte| byte ^ 0x5a).collect::<Vec<_>>());
    assert!(matches!(garbage, RegisterError::Store(StoreError::Damaged(_))), "{garbage:?}");
    assert!(matches!(verified, Err(RegisterError::Store(StoreError::Damaged(_)))));
    let (empty, _) = refused(b"");
    assert!(matches!(empty, RegisterError::RolledBack { size: 0, newest: 61 }), "{empty:?}");
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(faults(folder.path()), [""; 0]);
}

#[test]
fn newer_schema_is_left_alone() {
    let (folder, register) = begun();
    drop(register);
    database(folder.path()).execute_batch("PRAGMA user_version = 99").unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert_eq!(refused.to_string(), "the register has schema 99, this program knows up to 3");
    database(folder.path()).execute_batch("PRAGMA user_version = 3").unwrap();
    assert!(open(folder.path()).is_ok());
}

#[test]
fn database_of_another_program_is_refused() {
    let (folder, register) = begun();
    drop(register);
    database(folder.path()).execute_batch("PRAGMA application_id = 7").unwrap();
    assert!(open(folder.path()).unwrap_err().to_string().contains("a database of another program"));
}

#[test]
#[cfg(unix)]
fn files_that_others_may_read_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, register) = begun();
    drop(register);
    let key = key_files(folder.path()).remove(0);
    let set = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let database = folder.path().join("countersign.db");
    for file in [&database, &key, &folder.path().join("links.key")] {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    set(&database, 0o644);
    let refused = open(folder.path()).unwrap_err().to_string();
    assert!(refused.ends_with("countersign.db` may be read by others (mode 644)"), "{refused}");
    set(&database, 0o600);
    set(&key, 0o644);
    let refused = record(&mut open(folder.path()).unwrap(), "person-1").unwrap_err();
    assert!(matches!(refused, RegisterError::Disk(DiskError::Exposed { mode: 0o644, .. })), "{refused}");
    set(&key, 0o600);
    assert_eq!(open(folder.path()).unwrap().state().size, 1, "nothing was recorded");
}

#[test]
fn missing_register_with_checkpoints_is_not_begun_anew() {
    let (folder, register) = begun();
    drop(register);
    std::fs::remove_file(folder.path().join("countersign.db")).unwrap();
    let keys = std::fs::read(folder.path().join("checkpoints/keys")).unwrap();
    std::fs::remove_file(&key_files(folder.path())[0]).unwrap();
    for refused in [open(folder.path()), Register::begin(folder.path(), ORIGIN, "Example Group", edge(START))] {
        assert!(matches!(refused, Err(RegisterError::RolledBack { size: 0, newest: 1 })));
    }
    assert!(matches!(verify(folder.path(), false), Err(RegisterError::RolledBack { size: 0, newest: 1 })));
    assert!(key_files(folder.path()).is_empty(), "no key is made");
    assert_eq!(std::fs::read(folder.path().join("checkpoints/keys")).unwrap(), keys, "the keys of the old register are still known");
}

#[test]
fn absent_register_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let Err(RegisterError::Store(absent)) = open(folder.path()) else { panic!("there is none") };
    assert!(absent.help().contains("countersign ledger init"));
}

#[test]
fn clock_that_moved_back_stops_recording_and_a_lagging_one_stands_still() {
    let (folder, mut register) = begun();
    record(&mut register, "person-1").unwrap();
    drop(register);
    let mut lagging = Register::open(folder.path(), edge("2026-11-25T22:06:50.000Z")).unwrap();
    record(&mut lagging, "person-2").unwrap();
    assert_eq!(lagging.state().recorded.unwrap().to_string(), START);
    let mut wrong = Register::open(folder.path(), edge("2026-11-25T22:06:40.000Z")).unwrap();
    let refused = record(&mut wrong, "person-3").unwrap_err();
    assert_eq!(refused.to_string(), format!("the clock says 2026-11-25T22:06:40.000Z, but the newest entry was recorded at {START}"));
    assert_eq!(open(folder.path()).unwrap().state().size, 3);
    assert_eq!(faults(folder.path()), [""; 0]);
}

/// Puts a signing key into a folder as an interrupted rotation, or a stranger, would leave it.
fn stray_key(root: &Path, seed: u8) -> (PathBuf, SigningKey) {
    let key = SigningKey::from_seed(Origin::parse(ORIGIN).unwrap(), &[seed; 32]);
    let path = files::signing_key_path(root, &format!("{:08x}", key.id()));
    files::write_secret(&path, &format!("{}\n", key.expose_secret())).unwrap();
    (path, key)
}

#[test]
fn wrong_key_signs_nothing() {
    let (folder, mut register) = begun();
    std::fs::remove_file(&key_files(folder.path())[0]).unwrap();
    stray_key(folder.path(), 66);
    let refused = record(&mut register, "person-1").unwrap_err();
    assert!(matches!(refused, RegisterError::NoKey(_)), "{refused}");
    assert_eq!(open(folder.path()).unwrap().state().size, 1);
}

#[test]
fn unreadable_key_file_is_named_and_never_shown() {
    let (folder, mut register) = begun();
    let key = key_files(folder.path()).remove(0);
    let text = std::fs::read_to_string(&key).unwrap();
    std::fs::write(&key, text.replacen(ORIGIN, "register.example.com/toast", 1)).unwrap();
    let refused = record(&mut register, "person-1").unwrap_err().to_string();
    assert!(refused.contains("countersign-") && !refused.contains(text.trim_end().rsplit('+').next().unwrap()), "{refused}");
    let found = faults(folder.path());
    assert!(found.iter().any(|fault| fault.starts_with("countersign-")), "{found:#?}");
}

#[test]
fn rotation_that_died_before_its_entry_leaves_a_key_that_signs_nothing() {
    let (folder, mut register) = begun();
    let (path, stray) = stray_key(folder.path(), 7);
    record(&mut register, "person-1").unwrap();
    let note = files::checkpoint(folder.path(), 2).unwrap().unwrap();
    assert!(countersign::ledger::checkpoint::open(&note, &[stray.verifier()]).is_err(), "it has not signed");
    let findings = verify(folder.path(), false).unwrap();
    assert!(findings.holds());
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(findings.notes.iter().any(|note| note.contains(&name) && note.contains("no entry names the key")), "{:?}", findings.notes);
    let new = rotate(&mut register, "again").unwrap();
    assert_ne!(new, stray.verifier(), "a file that anybody could have put there is not taken up");
}

#[test]
fn rotation_that_died_after_its_entry_is_finished_by_the_next_command() {
    let (folder, mut register) = begun();
    let old = register.state().keys[0].clone();
    let keys = folder.path().join("checkpoints/keys");
    let before = std::fs::read(&keys).unwrap();
    let new = rotate(&mut register, "yearly").unwrap();
    drop(register);
    // The commit was the last thing that happened: neither the copy of the checkpoint nor the new key had been written.
    std::fs::write(&keys, &before).unwrap();
    std::fs::remove_file(files::checkpoint_path(folder.path(), 2)).unwrap();
    let mut register = open(folder.path()).unwrap();
    assert_eq!(std::fs::read_to_string(&keys).unwrap(), format!("{old}\n{new}\n"));
    // Within the same process another one may have died: the key is written before a checkpoint depends on it alone.
    std::fs::write(&keys, &before).unwrap();
    let mut late = Register::open(folder.path(), edge(START)).unwrap();
    retire(&mut late, &old, "yearly").unwrap();
    record(&mut register, "person-1").unwrap();
    drop((register, late));
    assert_eq!(open(folder.path()).unwrap().state().keys, [new.to_string()]);
    assert_eq!(faults(folder.path()), [""; 0]);
}

#[test]
fn long_running_process_follows_keys_that_others_change() {
    let (folder, mut server) = begun();
    let mut other = open(folder.path()).unwrap();
    for _ in 0..2 {
        let old = other.state().keys[0].clone();
        rotate(&mut other, "yearly").unwrap();
        retire(&mut other, &old, "yearly").unwrap();
    }
    record(&mut server, "person-1").unwrap();
    assert_eq!(server.state().keys, other.state().keys);
    assert_eq!(server.trusted().len(), 3, "no key that older checkpoints need is forgotten");
    assert_eq!(faults(folder.path()), [""; 0]);
}

#[test]
fn keys_sign_together_between_rotation_and_retirement() {
    let (folder, mut register) = begun();
    let old = register.trusted()[0].clone();
    let new = rotate(&mut register, "yearly").unwrap();
    record(&mut register, "person-1").unwrap();
    let id = format!("{:08x}", old.id());
    let retired = retire(&mut register, &id, "yearly").unwrap();
    assert!(retired.is_new && retired.removed);
    record(&mut register, "person-2").unwrap();
    let signed = |size: u64, key| countersign::ledger::checkpoint::open(&files::checkpoint(folder.path(), size).unwrap().unwrap(), &[key]).is_ok();
    let by_size: Vec<(bool, bool)> = (1..=5).map(|size| (signed(size, old.clone()), signed(size, new.clone()))).collect();
    assert_eq!(by_size, [(true, false), (true, true), (true, true), (false, true), (false, true)]);
    assert_eq!(key_files(folder.path()).len(), 1);
    assert_eq!(faults(folder.path()), [""; 0], "older checkpoints are checked with the retired key");
    let last = retire(&mut register, &format!("{:08x}", new.id()), "all").unwrap_err();
    assert_eq!(last.to_string(), "it is the last signing key");
    let unknown = retire(&mut register, "00000000", "none").unwrap_err();
    assert_eq!(unknown.to_string(), "no key that signs now is named `00000000`");
}

#[test]
fn retirement_that_died_before_the_file_went_is_finished_by_the_same_command() {
    let (folder, mut register) = begun();
    let file = key_files(folder.path()).remove(0);
    let text = std::fs::read_to_string(&file).unwrap();
    let id = format!("{:08x}", register.trusted()[0].id());
    let new = rotate(&mut register, "yearly").unwrap();
    retire(&mut register, &id, "yearly").unwrap();
    files::write_secret(&file, &text).unwrap();
    record(&mut register, "person-1").unwrap();
    let findings = verify(folder.path(), false).unwrap();
    assert!(findings.holds() && findings.notes.iter().any(|note| note.contains("retired this key")), "{:?}", findings.notes);
    assert_eq!(findings.newest.unwrap().signed_by, [countersign_name(&new.to_string())], "the retired key signs no more");
    let size = register.state().size;
    let retired = retire(&mut register, &id, "yearly").unwrap();
    assert!(!retired.is_new && retired.removed && !file.exists());
    assert_eq!(register.state().size, size, "it is not recorded twice");
}

fn countersign_name(key: &str) -> String {
    key.match_indices('+').nth(1).map_or(key, |(at, _)| &key[..at]).to_owned()
}

#[test]
fn retiring_the_only_key_that_is_here_is_refused_and_nothing_is_recorded() {
    let (folder, mut register) = begun();
    let id = format!("{:08x}", register.trusted()[0].id());
    let new = rotate(&mut register, "yearly").unwrap();
    std::fs::remove_file(files::signing_key_path(folder.path(), &format!("{:08x}", new.id()))).unwrap();
    assert!(matches!(retire(&mut register, &id, "yearly").unwrap_err(), RegisterError::NoKey(_)));
    assert_eq!(open(folder.path()).unwrap().state().size, 2);
    assert_eq!(key_files(folder.path()).len(), 1, "its file stays");
}

#[test]
fn beginning_takes_the_key_of_the_origin_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let other = SigningKey::from_seed(Origin::parse("register.example.com/sample").unwrap(), &[5; 32]);
    files::write_secret(&files::signing_key_path(folder.path(), &format!("{:08x}", other.id())), &other.expose_secret()).unwrap();
    files::write_verifier_keys(folder.path(), &[other.verifier().to_string()]).unwrap();
    let register = begin(folder.path());
    assert!(register.state().keys[0].starts_with(ORIGIN));
    drop(register);
    assert_eq!(files::verifier_keys(folder.path()).unwrap().len(), 1, "the key of the other origin is no longer trusted");
    let findings = verify(folder.path(), false).unwrap();
    assert!(findings.holds(), "{:?}", findings.faults);
    assert_eq!(findings.notes.len(), 1, "{:?}", findings.notes);
    // A colleague who has the keys of git and not the secret does not begin another register under the same name.
    let clone = tempfile::tempdir().unwrap();
    files::write_verifier_keys(clone.path(), &files::verifier_keys(folder.path()).unwrap()).unwrap();
    assert!(matches!(Register::begin(clone.path(), ORIGIN, "Example Group", edge(START)), Err(RegisterError::NoKey(_))));
}

#[test]
fn failed_decision_and_failed_signature_leave_no_trace() {
    let (folder, mut register) = begun();
    let refused = register.change(|_, draft| -> Result<(), _> {
        draft.record(crate::suite::world::recorded("person-1"));
        draft.keep(b"a file".to_vec());
        Err(RegisterError::refused("no", "no help"))
    });
    assert!(refused.is_err());
    let key = key_files(folder.path()).remove(0);
    let away = folder.path().join("away");
    std::fs::rename(&key, &away).unwrap();
    assert!(record(&mut register, "person-2").is_err());
    std::fs::rename(&away, &key).unwrap();
    record(&mut register, "person-3").unwrap();
    assert_eq!(register.state().size, 2);
    assert!(register.state().book.people.keys().eq(["person-3"]));
    let findings = verify(folder.path(), false).unwrap();
    assert!(findings.holds());
    assert_eq!((findings.counts.files, findings.size), (0, 2));
}

#[test]
fn long_register_has_full_tiles_and_proves_every_entry() {
    let (folder, mut register) = begun();
    for batch in 0..6 {
        register
            .change(|_, draft| {
                (0..100).for_each(|number| draft.record(crate::suite::world::recorded(&format!("person-{batch}-{number}"))));
                Ok(())
            })
            .unwrap();
    }
    let leaves = {
        let mut leaves = Vec::new();
        register
            .view()
            .unwrap()
            .entries(0, &mut |_, entry| {
                leaves.push(entry.leaf);
                true
            })
            .unwrap();
        leaves
    };
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(leaf));
    for entry in [0, 1, 255, 256, 257, 511, 512, 599, 600] {
        let proven = countersign::workflow::ledger::prove::prove(&mut register, entry).unwrap();
        assert_eq!(proven.checkpoint.root, frontier.root());
        proven.proof.verify(&leaves[usize::try_from(entry).unwrap()], register.trusted()).unwrap();
    }
    let findings = verify(folder.path(), false).unwrap();
    assert!(findings.holds());
    assert_eq!((findings.counts.tiles, findings.counts.checkpoints, findings.root), (4, 7, Some(frontier.root())));
}

#[test]
fn state_of_the_past_is_the_fold_of_what_was_known() {
    let (folder, mut register) = begun();
    record(&mut register, "person-1").unwrap();
    drop(register);
    let mut later = Register::open(folder.path(), edge("2026-11-26T08:00:00.000Z")).unwrap();
    record(&mut later, "person-2").unwrap();
    assert_eq!(later.known_at(START.parse().unwrap()).unwrap().book.people.len(), 1);
    assert_eq!(later.known_at("2026-11-26T08:00:00.000Z".parse().unwrap()).unwrap(), *later.state());
    assert_eq!(Edge::system("x", None).id('r').len(), 22);
}
