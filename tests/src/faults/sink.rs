//! A mail server that takes mail down, and can be slow, refuse, fall silent or lose its answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
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

/// A mail that the sink took.
#[derive(Debug, Clone)]
pub struct Taken {
    /// When.
    pub at: Instant,
    /// Whether the sink could say so.
    pub answered: bool,
    /// To whom.
    pub recipients: Vec<String>,
}

#[derive(Debug, Default)]
struct Shared {
    mood: AtomicU8,
    taken: Mutex<BTreeMap<String, Vec<Taken>>>,
}

/// The sink. Cloning is cheap; every clone is the same.
#[derive(Debug, Clone)]
pub struct Sink {
    shared: Arc<Shared>,
    port: u16,
}

impl Sink {
    /// Starts one on a loopback port.
    ///
    /// # Errors
    /// Fails when no port can be had.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let shared = Arc::<Shared>::default();
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move {
                    // A client that goes away in the middle is what is tested.
                    let _ = converse(&shared, stream).await;
                });
            }
        });
        Ok(Self { shared, port })
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
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

    fn take(&self, id: &str, taken: Taken) {
        let mut all = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(id.to_owned()).or_default().push(taken);
    }
}

async fn converse(shared: &Shared, stream: TcpStream) -> std::io::Result<()> {
    if shared.mood() == Mood::Dead {
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
            Mood::Dead => return Ok(()),
            Mood::Slow => tokio::time::sleep(Duration::from_millis(150)).await,
            _ => {}
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-sink\r\n250 8BITMIME\r\n",
            "MAIL" if mood == Mood::Refusing => "451 4.3.2 come back later\r\n",
            "MAIL" => {
                recipients.clear();
                "250 ok\r\n"
            }
            "RCPT" => {
                let address = line.split(['<', '>']).nth(1).unwrap_or_default();
                recipients.push(address.to_owned());
                "250 ok\r\n"
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                let Some(id) = read_message(&mut lines).await? else {
                    return Ok(());
                };
                let answered = shared.mood() != Mood::Forgetful;
                let at = Instant::now();
                let taken = Taken {
                    at,
                    answered,
                    recipients: recipients.clone(),
                };
                shared.take(&id, taken);
                if !answered {
                    return Ok(());
                }
                "250 taken\r\n"
            }
            "QUIT" => {
                writer.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok\r\n",
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
