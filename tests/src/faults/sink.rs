//! A mail server that takes mail down, and can be slow, refuse, fall silent or lose its answer.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How the sink behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mood {
    /// Takes everything at once.
    Well,
    /// Takes everything, a while later.
    Slow,
    /// Refuses everything for now.
    Refusing,
    /// Hangs up on everybody.
    Dead,
    /// Takes the mail and hangs up instead of saying so.
    Forgetful,
}

impl Mood {
    /// Every one that spoils something.
    pub const SPOILING: [Mood; 4] = [Mood::Slow, Mood::Refusing, Mood::Dead, Mood::Forgetful];

    /// What a run counts that puts the sink into it.
    #[must_use]
    pub fn times(self) -> &'static str {
        match self {
            Mood::Well => "times the mail server was well",
            Mood::Slow => "times the mail server was slow",
            Mood::Refusing => "times the mail server refused",
            Mood::Dead => "times the mail server was dead",
            Mood::Forgetful => "times the mail server hung up instead of answering",
        }
    }

    /// What a run counts of the conversations that it spoilt.
    #[must_use]
    pub fn spoilt(self) -> &'static str {
        match self {
            Mood::Well => "mails taken at once",
            Mood::Slow => "mails taken slowly",
            Mood::Refusing => "mails refused for now",
            Mood::Dead => "conversations that the dead mail server broke off",
            Mood::Forgetful => "mails taken without an answer",
        }
    }
}

/// A mail that the sink took.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The node that gave it, by the port it came to.
    pub node: usize,
    /// What the sink answered, which no other answer is equal to.
    pub receipt: String,
    /// When the conversation began: whoever gave it lived then.
    pub began: Instant,
    /// When it was taken.
    pub at: Instant,
    /// Whether the sink could say so.
    pub answered: bool,
    /// To whom.
    pub recipients: Vec<String>,
}

#[derive(Debug, Default)]
struct Shared {
    mood: AtomicU8,
    next: AtomicU64,
    /// How many conversations each mood has spoilt.
    spoilt: [AtomicU64; 5],
    taken: Mutex<BTreeMap<String, Vec<Taken>>>,
}

/// The sink. Cloning is cheap; every clone is the same.
#[derive(Debug, Clone)]
pub struct Sink {
    shared: Arc<Shared>,
    ports: Vec<u16>,
}

impl Sink {
    /// Starts one on an address, with a port for each who gives it mail, so that it knows them apart.
    ///
    /// # Errors
    /// Fails when no port can be had.
    pub async fn start(address: Ipv4Addr, givers: usize) -> std::io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let mut ports = Vec::new();
        for node in 0..givers {
            let listener = TcpListener::bind((address, 0)).await?;
            ports.push(listener.local_addr()?.port());
            let serving = Arc::clone(&shared);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let shared = Arc::clone(&serving);
                    tokio::spawn(async move {
                        // A client that goes away in the middle is what is tested.
                        let _ = converse(&shared, node, stream).await;
                    });
                }
            });
        }
        Ok(Self { shared, ports })
    }

    /// Where it listens to one of them.
    #[must_use]
    pub fn port(&self, giver: usize) -> u16 {
        self.ports.get(giver).copied().unwrap_or_default()
    }

    /// How many conversations a mood has spoilt.
    #[must_use]
    pub fn spoilt(&self, mood: Mood) -> u64 {
        self.shared.spoilt[mood as usize].load(Ordering::Relaxed)
    }

    /// Behaves so from now on.
    pub fn set(&self, mood: Mood) {
        self.shared.mood.store(mood as u8, Ordering::Relaxed);
    }

    /// What it took, by message id.
    #[must_use]
    pub fn taken(&self) -> BTreeMap<String, Vec<Taken>> {
        let taken = self.shared.taken.lock();
        taken.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shared {
    fn mood(&self) -> Mood {
        match self.mood.load(Ordering::Relaxed) {
            1 => Mood::Slow,
            2 => Mood::Refusing,
            3 => Mood::Dead,
            4 => Mood::Forgetful,
            _ => Mood::Well,
        }
    }

    fn spoil(&self, mood: Mood) {
        self.spoilt[mood as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn take(&self, id: &str, taken: Taken) {
        let mut all = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(id.to_owned()).or_default().push(taken);
    }
}

async fn converse(shared: &Shared, node: usize, stream: TcpStream) -> std::io::Result<()> {
    let began = Instant::now();
    if shared.mood() == Mood::Dead {
        shared.spoil(Mood::Dead);
        return Ok(());
    }
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader);
    writer.write_all(b"220 sink ESMTP\r\n").await?;
    let mut recipients = Vec::new();
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let mood = shared.mood();
        match mood {
            Mood::Dead => {
                shared.spoil(mood);
                return Ok(());
            }
            Mood::Slow => tokio::time::sleep(Duration::from_millis(150)).await,
            _ => {}
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-sink\r\n250 8BITMIME\r\n".to_owned(),
            "MAIL" if mood == Mood::Refusing => {
                shared.spoil(mood);
                "451 4.3.2 come back later\r\n".to_owned()
            }
            "MAIL" => {
                if mood == Mood::Slow {
                    shared.spoil(mood);
                }
                recipients.clear();
                "250 ok\r\n".to_owned()
            }
            "RCPT" => {
                let address = line.split(['<', '>']).nth(1).unwrap_or_default();
                recipients.push(address.to_owned());
                "250 ok\r\n".to_owned()
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                let Some(id) = read_message(&mut lines).await? else {
                    return Ok(());
                };
                let answered = shared.mood() != Mood::Forgetful;
                let number = shared.next.fetch_add(1, Ordering::Relaxed);
                let receipt = format!("taken as number {number}.");
                let taken = Taken {
                    node,
                    receipt: receipt.clone(),
                    began,
                    at: Instant::now(),
                    answered,
                    recipients: recipients.clone(),
                };
                shared.take(&id, taken);
                if !answered {
                    shared.spoil(Mood::Forgetful);
                    return Ok(());
                }
                format!("250 {receipt}\r\n")
            }
            "QUIT" => {
                writer.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok\r\n".to_owned(),
        };
        writer.write_all(answer.as_bytes()).await?;
    }
}

/// Reads a message to its end and says its id; nothing when the client went away first.
async fn read_message<R: tokio::io::AsyncRead + Unpin>(
    lines: &mut BufReader<R>,
) -> std::io::Result<Option<String>> {
    let mut id = String::new();
    let mut in_header = true;
    let mut folded = false;
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line == "." {
            return Ok(Some(id));
        }
        if in_header {
            in_header = !line.is_empty();
            let value = match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("message-id") => Some(value),
                _ if folded => Some(line),
                _ => None,
            };
            folded = false;
            if let Some(value) = value {
                id = value.trim().trim_matches(['<', '>']).to_owned();
                folded = id.is_empty();
            }
        }
    }
}
