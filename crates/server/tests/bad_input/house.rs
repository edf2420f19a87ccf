//! The program as a process of its own, on a store of its own, and requests to it byte by byte.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// Nobody waits for an answer that does not come.
const PATIENCE: Duration = Duration::from_secs(200);

/// Somebody without rights: root may write what is read-only.
const NOBODY: u32 = 65534;

/// A service and its store.
pub struct House {
    pub folder: TempDir,
    pub token: String,
    pub address: SocketAddr,
    /// Where measurements are given out, if they are.
    pub metrics: Option<SocketAddr>,
    process: Option<Child>,
}

/// What is answered to a request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
    /// The body where it is no text.
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The words of a problem, which must be of this status.
    pub fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.head.contains("application/problem+json"), "{self:?}");
        self.json()["detail"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    fn parse(answer: &[u8]) -> Self {
        let end = answer.windows(4).position(|end| end == b"\r\n\r\n");
        let (head, bytes) = answer.split_at(end.map_or(answer.len(), |end| end + 4));
        let (text, body) = (
            String::from_utf8_lossy(answer),
            String::from_utf8_lossy(bytes),
        );
        let head = String::from_utf8_lossy(head);
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        Self {
            status: status.unwrap_or_else(|| panic!("no answer: {text:?}")),
            head: lower_names(&head),
            body: body.into_owned(),
            bytes: bytes.to_vec(),
        }
    }
}

/// A command on the store in a folder.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mainstay"));
    command
        .args(arguments)
        .arg("--data")
        .arg(folder)
        .env_remove("MAINSTAY_DATABASE_URL")
        .current_dir(folder);
    command
}

/// Runs a command and returns what came of it.
pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    let output = command(folder, arguments).output();
    output.expect("the program starts")
}

/// What a command said that went wrong.
pub fn refused(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

impl House {
    /// A service with settings, each as it is called in the environment.
    pub fn open(settings: &[(&str, &str)]) -> Self {
        let mut house = Self::closed();
        house.serve(settings);
        house
    }

    /// A store with an administrator, whom a token stands for, and no service yet.
    pub fn closed() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let email = ["--email", "ada@example.com"];
        let told = |arguments: &[&str]| {
            let output = run(folder.path(), &[arguments, &email].concat());
            assert!(output.status.success(), "{output:?}");
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        told(&["admin", "create"]);
        let token = told(&["admin", "token", "--name", "test"]);
        Self {
            folder,
            token,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            metrics: None,
            process: None,
        }
    }

    /// Starts the service.
    pub fn serve(&mut self, settings: &[(&str, &str)]) {
        let service = self.service(settings);
        self.start(service);
    }

    /// Starts the service by a program that takes its words as arguments and becomes it.
    pub fn serve_by(&mut self, program: &str, arguments: &[&str], settings: &[(&str, &str)]) {
        let service = self.service(settings);
        let mut by = Command::new(program);
        for (name, value) in service.get_envs() {
            match value {
                Some(value) => by.env(name, value),
                None => by.env_remove(name),
            };
        }
        by.args(arguments)
            .arg(service.get_program())
            .args(service.get_args())
            .current_dir(self.folder.path());
        self.start(by);
    }

    fn start(&mut self, mut service: Command) {
        let mut process = service
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(process.stderr.take().expect("a pipe")).lines();
        self.address = loop {
            let line = lines.next().expect("a line").expect("text");
            if let Some((_, address)) = line.split_once("measurements at http://") {
                let address = address.trim().trim_end_matches("/metrics");
                self.metrics = Some(address.parse().expect("an address"));
            }
            if let Some((_, address)) = line.split_once("serving at http://") {
                break address.trim().parse().expect("an address");
            }
        };
        // Nobody may block the service by not reading its log.
        std::thread::spawn(move || lines.for_each(drop));
        self.process = Some(process);
    }

    /// The command that starts the service.
    pub fn service(&self, settings: &[(&str, &str)]) -> Command {
        let mut command = command(self.folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
        command
            .env("MAINSTAY_HTTP_REQUESTS_PER_SECOND", "0")
            .env("MAINSTAY_HTTP_ANONYMOUS_REQUESTS_PER_SECOND", "0");
        for (name, value) in settings {
            command.env(format!("MAINSTAY_{name}"), value);
        }
        command
    }

    /// Ends the service as a lost power supply does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("a process of ours");
            process.wait().expect("its end");
        }
    }

    /// The number of the process.
    pub fn process(&self) -> u32 {
        self.process.as_ref().expect("a service").id()
    }

    /// A connection that is waited on no longer than anybody has patience.
    pub fn connect(&self) -> TcpStream {
        Self::connect_to(self.address)
    }

    /// The same to whoever watches over the service.
    pub fn connect_to_metrics(&self) -> TcpStream {
        Self::connect_to(self.metrics.expect("an address of metrics"))
    }

    fn connect_to(address: SocketAddr) -> TcpStream {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream
    }

    /// Asks, with these headers beside the necessary ones.
    pub fn send(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        let mut stream = self.connect();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n",
            body.len()
        );
        for header in headers {
            head.push_str(&format!("{header}\r\n"));
        }
        stream.write_all(head.as_bytes()).expect("written");
        stream.write_all(b"\r\n").expect("written");
        // Who is refused before the end of a long body may be told so before the end of it.
        let _ = stream.write_all(body);
        Answer::parse(&rest(&mut stream))
    }

    /// Asks as the administrator.
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        let token = format!("authorization: Bearer {}", self.token);
        let headers = [token.as_str(), "content-type: application/json"];
        self.send(method, &format!("/api/v1{path}"), &headers, &body)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &Value::Null)
    }

    /// Opens a ticket, which must be acknowledged.
    pub fn open_ticket(&self, subject: &str) -> String {
        let answer = self.try_open_ticket(subject);
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    pub fn try_open_ticket(&self, subject: &str) -> Answer {
        let ticket = json!({"subject": subject, "message": "Please help."});
        self.ask("POST", "/tickets", &ticket)
    }

    /// Everybody else is served.
    pub fn serves(&self) {
        let answer = self.get("/tickets?limit=1");
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What still comes on a connection until it ends.
pub fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut part = [0; 64 * 1024];
    loop {
        match stream.read(&mut part) {
            Ok(0) => return answer,
            Ok(count) => answer.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return answer,
            Err(error) => panic!("{error}: {:?}", String::from_utf8_lossy(&answer)),
        }
    }
}

/// What is answered on a connection that ends then.
pub fn answer(stream: &mut TcpStream) -> Answer {
    Answer::parse(&rest(stream))
}

/// Lets a command run without the rights of root, where it would have them.
pub fn without_rights(command: &mut Command, folder: &Path) {
    if is_roots(folder) {
        command.uid(NOBODY).gid(NOBODY);
    }
}

/// Whether we are root: what we make belongs to us.
fn is_roots(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(folder).is_ok_and(|folder| folder.uid() == 0)
}

/// A head whose fields have names in small letters; values may be secrets, in which letters count.
fn lower_names(head: &str) -> String {
    let lines = head.lines().map(|line| match line.split_once(':') {
        Some((name, value)) => format!("{}:{value}\n", name.to_ascii_lowercase()),
        None => format!("{line}\n"),
    });
    lines.collect()
}
