//! A town for the sign page: a workspace whose people have mails with links, a server over it, and a plain HTTP client.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use countersign::base::instant::Instant;
use countersign::web::{self, Options, Running};
use countersign::workflow::register::{Edge, Register};
use tempfile::TempDir;

use crate::suite::groundwork::{copy, without_working_hours};
use crate::suite::sandbox::Sandbox;

/// The day of everything.
pub(crate) const NOW: &str = "2026-11-26T09:00:00.000Z";

/// A workspace of its own, copied from one that was prepared once.
pub(crate) struct Town {
    pub folder: TempDir,
}

/// A mail of the town.
pub(crate) struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub tokens: Vec<String>,
}

/// A server that stops with the test.
pub(crate) struct Server {
    running: Option<Running>,
    pub address: SocketAddr,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

fn prepared() -> &'static Path {
    static PREPARED: OnceLock<Sandbox> = OnceLock::new();
    let sandbox = PREPARED.get_or_init(|| {
        let sandbox = Sandbox::with_sample();
        let settings = sandbox.path().join("sample/countersign.yaml");
        let text = std::fs::read_to_string(&settings).unwrap();
        // The tests do not wait for working hours.
        std::fs::write(&settings, without_working_hours(&text, "web:\n  requests_per_address: 100000\n  requests_per_link: 100000\n")).unwrap();
        let outline = sandbox.path().join("clauses/policies/acceptable_use/outline.yaml");
        let text = std::fs::read_to_string(&outline).unwrap();
        std::fs::write(&outline, text.replace("  by: person\n", "  by: person\n  code: true\n")).unwrap();
        let run = |now: &str, arguments: &[&str]| {
            let run = sandbox.run(&[&["-C", "sample"], arguments, &["--now", now]].concat());
            // A supplier without a signatory is said by exit code 4, and is no matter here.
            assert!([0, 4].contains(&run.code), "{arguments:?}: {}{}", run.stdout, run.stderr);
        };
        // One person has no mailbox, which `doctor` rightly says.
        let people = sandbox.path().join("sample/people.csv");
        let text = std::fs::read_to_string(&people).unwrap();
        std::fs::write(&people, text.lines().filter(|line| !line.starts_with("p-avgi")).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        // Nobody gets two mails on one day.
        let yesterday = "2026-11-25T09:00:00.000Z";
        run(yesterday, &["ledger", "init"]);
        run(yesterday, &["people", "import", "sample/people.csv"]);
        for (now, policy) in [(yesterday, "acceptable_use"), (NOW, "code_of_conduct")] {
            run(now, &["policy", "publish", policy, "--reason", "first version"]);
            run(now, &["ack", "request", policy]);
            run(now, &["outbox", "send"]);
        }
        sandbox
    });
    sandbox.path()
}

impl Town {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(prepared(), folder.path());
        Self { folder }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("sample")
    }

    /// Runs the binary on the workspace at a moment.
    pub(crate) fn run_at(&self, now: &str, arguments: &[&str]) -> crate::suite::sandbox::Run {
        self.run(&[arguments, &["--now", now]].concat())
    }

    /// Runs the binary on the workspace.
    pub(crate) fn run(&self, arguments: &[&str]) -> crate::suite::sandbox::Run {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(["-C", "sample"])
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .output()
            .unwrap();
        crate::suite::sandbox::Run {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn register(&self) -> Register {
        Register::open(&self.root(), Edge::system("test", Some(NOW.parse().unwrap()))).unwrap()
    }

    /// How many entries the register has.
    pub(crate) fn size(&self) -> u64 {
        self.register().state().size
    }

    /// Every mail in the folder, in order of name.
    pub(crate) fn letters(&self) -> Vec<Letter> {
        let mut paths: Vec<_> = std::fs::read_dir(self.folder.path().join("output/mail")).unwrap().map(|e| e.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "eml"));
        paths.sort();
        paths.iter().map(|path| letter(&std::fs::read(path).unwrap())).collect()
    }

    /// The token in the mail to a person about a policy, by its title.
    pub(crate) fn token(&self, address: &str, title: &str) -> String {
        let letters = self.letters();
        let letter = letters.iter().rfind(|l| l.to == address && l.text.contains(title) && !l.tokens.is_empty());
        let letter = letter.unwrap_or_else(|| panic!("no mail to {address}"));
        let at = letter.text.find(title).unwrap();
        let position = letter.text[at..].find(LINK).map_or_else(|| letter.text.find(LINK).unwrap(), |found| at + found);
        letter.text[position + LINK.len()..][..43].to_owned()
    }

    pub(crate) fn serve(&self) -> Server {
        self.serve_at(NOW)
    }

    pub(crate) fn serve_at(&self, now: &str) -> Server {
        let now: Instant = now.parse().unwrap();
        let options = Options { listen: Some("127.0.0.1:0".parse().unwrap()), mails: true, password: None };
        let running = web::start(&self.root(), &Edge::system("sign page", Some(now)), &options).unwrap();
        let address = running.address();
        Server { running: Some(running), address }
    }
}

const LINK: &str = "https://sign.harbourline.example/";

/// Reads a mail of our own form.
fn letter(raw: &[u8]) -> Letter {
    let message = mail_parser::MessageParser::default().parse(raw).unwrap();
    let text = message.body_text(0).unwrap().into_owned();
    let tokens = text.match_indices(LINK).map(|(at, _)| text[at + LINK.len()..][..43].to_owned()).collect();
    let to = message.to().unwrap().first().unwrap().address().unwrap().to_owned();
    Letter { to, subject: message.subject().unwrap_or_default().to_owned(), text, tokens }
}

impl Server {
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], b"")
    }

    /// Sends a form as a browser does from our own page.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("origin", "null"), ("sec-fetch-site", "same-origin"), ("user-agent", "Test/1.0")];
        self.ask("POST", path, &headers, body.as_bytes())
    }

    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        ask(self.address, method, path, headers, body)
    }

    pub(crate) fn stop(mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

/// One request over a line of its own.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut line = TcpStream::connect(address).unwrap();
    line.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: sign.harbourline.example\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if method == "POST" || !body.is_empty() {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    line.write_all(head.as_bytes()).unwrap();
    // A server that refuses a long body may close before it is all written.
    let _ = line.write_all(body);
    let mut raw = Vec::new();
    let _ = line.read_to_end(&mut raw);
    let at = raw.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(&raw)));
    let head = String::from_utf8_lossy(&raw[..at]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let reply = Reply { status, headers, body: raw[at + 4..].to_vec() };
    if reply.header("transfer-encoding") == Some("chunked") { Reply { body: unchunk(&reply.body), ..reply } } else { reply }
}

fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(at) = body.windows(2).position(|w| w == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&body[..at]).unwrap(), 16).unwrap();
        if length == 0 {
            break;
        }
        out.extend(&body[at + 2..at + 2 + length]);
        body = &body[at + 4 + length..];
    }
    out
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The nonce in the forms of a page.
    pub(crate) fn nonce(&self) -> String {
        let text = self.text();
        let field = text.split("name=\"nonce\"").nth(1).unwrap_or_else(|| panic!("no form in {} {text}", self.status));
        field.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }
}
