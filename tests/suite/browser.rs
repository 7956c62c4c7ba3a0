//! The sign page in a real browser: `tests/browser/walk.mjs` walks through it, and the register is asked afterwards.

use std::path::PathBuf;
use std::process::Command;

use countersign::compliance::book::Outcome;
use serde_json::json;

use crate::suite::sandbox::repository;
use crate::suite::town::{NOW, Town};

const CODE: &str = "Code of Conduct";
const USE: &str = "Acceptable Use";

/// Chromium and the packages of `tests/browser`; says aloud what is missing, and fails then in CI.
fn tools() -> Option<(PathBuf, PathBuf)> {
    let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].map(PathBuf::from).into_iter().find(|path| path.exists());
    let packages =
        [repository().join("target/ci-node"), repository().join("tests/browser")].into_iter().find(|path| path.join("node_modules/axe-core").exists());
    let node = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    if let (Some(chromium), Some(packages), true) = (chromium, packages, node) {
        return Some((chromium, packages));
    }
    assert!(std::env::var_os("CI").is_none(), "chromium, node or the packages of tests/browser are missing in CI");
    eprintln!("SKIPPED: the sign page in a browser needs chromium, node, and `npm install` in tests/browser");
    None
}

/// `COUNTERSIGN_SCANS=1000` for the long run of the scanner.
#[test]
fn people_sign_decline_and_hand_over_in_a_browser() {
    let Some((chromium, packages)) = tools() else { return };
    let town = Town::new();
    let (server, later) = (town.serve(), town.serve_at("2027-02-26T09:00:00.000Z"));
    let both = |address: &str| town.letters().iter().find(|l| l.to == address && l.tokens.len() > 1).unwrap().tokens.clone();
    let scans: u32 = std::env::var("COUNTERSIGN_SCANS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let receipt = town.folder.path().join("receipt.zip");
    let plan = json!({
        "packages": packages, "chromium": chromium, "rounds": scans.div_ceil(2),
        "server": format!("http://{}", server.address), "later": format!("http://{}", later.address),
        "screens": PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screens"), "receipt": receipt, "mails": town.folder.path().join("output/mail"),
        "links": {
            "iyer": town.token("anand.iyer@brightledger.example", CODE), "iyerUse": town.token("anand.iyer@brightledger.example", USE),
            "voss": both("helene.voss@brightledger.example"), "lindqvist": both("maja.lindqvist@tallyholme.example"),
            "krause": town.token("joerg.krause@tallyholme.example", CODE), "fallon": town.token("grainne.fallon@harbourline.example", CODE),
            "nolanUse": town.token("ciara.nolan@harbourline.example", USE), "nolanCode": town.token("ciara.nolan@harbourline.example", CODE),
        },
    });
    let file = town.folder.path().join("plan.json");
    std::fs::write(&file, plan.to_string()).unwrap();
    let output = Command::new("node").arg(repository().join("tests/browser/walk.mjs")).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let done: serde_json::Value = serde_json::from_str(said.trim()).unwrap();
    assert!(done["axe"].as_u64() >= Some(28), "{done}");
    // Each who signed has signed once; the scanner has signed nothing.
    let register = town.register();
    let count = |is: fn(&Outcome) -> bool| register.state().book.requests.values().filter(|r| is(&r.outcome)).count();
    assert_eq!(count(|o| matches!(o, Outcome::Signed { .. })), 6, "iyer, voss twice, lindqvist, krause, nolan");
    assert_eq!((count(|o| matches!(o, Outcome::Declined(_))), count(|o| matches!(o, Outcome::Delegated(_)))), (1, 1));
    let verified = town.run(&["receipt", "verify", receipt.to_str().unwrap()]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    drop((server, later));
    assert_eq!(town.run(&["ledger", "verify"]).code, 0);
    let doctor = town.run_at(NOW, &["doctor"]);
    assert_eq!(doctor.code, 0, "{}", doctor.stdout);
}
