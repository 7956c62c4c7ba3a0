//! A mail server that behaves as badly as it is told to, on a loopback port, without TLS.
//!
//! Each attempt to deliver takes the next behaviour of the script; the last one stays.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Where something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// Before the first word.
    Greeting,
    /// After AUTH.
    Auth,
    /// After MAIL.
    Mail,
    /// After RCPT.
    Rcpt,
    /// After DATA, before 354.
    Data,
    /// In the middle of the content.
    Content,
    /// After the final dot.
    Dot,
}

/// What the server does with one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Takes the mail.
    Accept,
    /// Takes the mail and closes the connection without a word.
    AcceptAndClose,
    /// Takes the mail, says 421 and closes the connection, as a server does that is tired of waiting.
    AcceptAndDismiss,
    /// Answers with these words; at [`At::Dot`] a code below 400 takes the mail.
    Answer(At, &'static str),
    /// Says nothing any more.
    Hang(At),
    /// Closes the connection; at [`At::Dot`] it has taken the mail.
    Drop(At),
}

/// Behaviours in order, and what the server offers after EHLO.
pub(crate) struct Script {
    pub behaviours: Vec<Behaviour>,
    pub offers: Vec<&'static str>,
}

impl Script {
    pub(crate) fn new(behaviours: &[Behaviour]) -> Self {
        Self { behaviours: behaviours.to_vec(), offers: vec!["8BITMIME", "SIZE 20480000"] }
    }
}

/// A mail that the server has taken.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub from: String,
    pub to: Vec<String>,
    /// The content without transparency dots, with its last CRLF.
    pub data: Vec<u8>,
}

/// What the server has seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub mails: Vec<Received>,
    pub commands: Vec<String>,
    pub connections: usize,
    attempt: usize,
}

/// A server that runs until the test ends.
pub(crate) struct ScriptedServer {
    pub port: u16,
    seen: Arc<Mutex<Seen>>,
}

impl ScriptedServer {
    pub(crate) fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (script, shared) = (Arc::new(script), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (script, seen) = (Arc::clone(&script), Arc::clone(&shared));
                // A client that goes away in the middle is part of the play.
                std::thread::spawn(move || drop(Session { script, seen }.run(stream)));
            }
        });
        Self { port, seen }
    }

    /// A port on which nobody listens.
    pub(crate) fn refusing() -> u16 {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
    }

    pub(crate) fn mails(&self) -> Vec<Received> {
        self.seen.lock().unwrap().mails.clone()
    }

    /// Command lines in order, of all connections.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.seen.lock().unwrap().commands.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }
}

struct Session {
    script: Arc<Script>,
    seen: Arc<Mutex<Seen>>,
}

impl Session {
    fn now(&self) -> Behaviour {
        let attempt = self.seen.lock().unwrap().attempt;
        *self.script.behaviours.get(attempt).or(self.script.behaviours.last()).unwrap_or(&Behaviour::Accept)
    }

    fn next(&self) {
        self.seen.lock().unwrap().attempt += 1;
    }

    /// Answers, or does what the script wants instead; false ends the session.
    fn act(&self, stream: &mut TcpStream, at: At, usual: &str) -> std::io::Result<bool> {
        match self.now() {
            Behaviour::Answer(place, words) if place == at => {
                stream.write_all(format!("{words}\r\n").as_bytes())?;
                let refused = words.starts_with(['4', '5']);
                if refused {
                    self.next();
                }
                Ok(!words.starts_with("421"))
            }
            Behaviour::Hang(place) if place == at => {
                self.next();
                // Until the client gives up.
                std::io::copy(stream, &mut std::io::sink())?;
                Ok(false)
            }
            Behaviour::Drop(place) if place == at => {
                self.next();
                Ok(false)
            }
            _ => {
                stream.write_all(format!("{usual}\r\n").as_bytes())?;
                Ok(true)
            }
        }
    }

    fn run(&self, mut stream: TcpStream) -> std::io::Result<()> {
        self.seen.lock().unwrap().connections += 1;
        if !self.act(&mut stream, At::Greeting, "220 mail.test ESMTP")? {
            return Ok(());
        }
        let mut reader = BufReader::new(stream.try_clone()?);
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_owned();
            self.seen.lock().unwrap().commands.push(line.clone());
            let upper = line.to_ascii_uppercase();
            let going = if upper.starts_with("EHLO") {
                let lines: Vec<&str> = std::iter::once("mail.test").chain(self.script.offers.iter().copied()).collect();
                let last = lines.len() - 1;
                let answer: Vec<String> = lines.iter().enumerate().map(|(at, line)| format!("250{}{line}", if at == last { ' ' } else { '-' })).collect();
                stream.write_all(format!("{}\r\n", answer.join("\r\n")).as_bytes())?;
                true
            } else if upper.starts_with("AUTH") {
                self.act(&mut stream, At::Auth, "235 welcome")?
            } else if let Some(path) = upper.starts_with("MAIL FROM:").then(|| line[10..].to_owned()) {
                from = path;
                self.act(&mut stream, At::Mail, "250 sender ok")?
            } else if let Some(path) = upper.starts_with("RCPT TO:").then(|| line[8..].to_owned()) {
                to.push(path);
                self.act(&mut stream, At::Rcpt, "250 recipient ok")?
            } else if upper == "DATA" {
                let refused = matches!(self.now(), Behaviour::Answer(At::Data, _));
                let going = self.act(&mut stream, At::Data, "354 go ahead")?;
                if going && !refused { self.content(&mut stream, &mut reader, &from, std::mem::take(&mut to))? } else { going }
            } else if upper == "QUIT" {
                stream.write_all(b"221 bye\r\n")?;
                false
            } else {
                to.clear();
                stream.write_all(b"250 ok\r\n")?;
                true
            };
            if !going {
                return Ok(());
            }
        }
    }

    fn content(&self, stream: &mut TcpStream, reader: &mut BufReader<TcpStream>, from: &str, to: Vec<String>) -> std::io::Result<bool> {
        if self.now() == Behaviour::Drop(At::Content) {
            self.next();
            // Closing with bytes unread makes the system reset the connection.
            reader.read_exact(&mut [0; 10])?;
            return Ok(false);
        }
        let mut data = Vec::new();
        loop {
            let mut line = Vec::new();
            if reader.read_until(b'\n', &mut line)? == 0 {
                return Ok(false);
            }
            if line == b".\r\n" {
                break;
            }
            data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        let behaviour = self.now();
        let taken = !matches!(behaviour, Behaviour::Hang(At::Dot)) && !matches!(behaviour, Behaviour::Answer(At::Dot, words) if words.starts_with(['4', '5']));
        if taken {
            self.seen.lock().unwrap().mails.push(Received { from: from.to_owned(), to, data });
        }
        let going = self.act(stream, At::Dot, "250 2.0.0 taken")?;
        if taken && going {
            self.next();
        }
        match behaviour {
            Behaviour::AcceptAndDismiss => {
                stream.write_all(b"421 4.4.2 idle for too long\r\n")?;
                Ok(false)
            }
            Behaviour::AcceptAndClose => Ok(false),
            _ => Ok(going),
        }
    }
}
