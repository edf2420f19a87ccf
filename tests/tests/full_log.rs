//! A log that takes no line, as on a full disk, costs nobody an answer.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mainstay_testing::free_port;

struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn requests_are_answered_though_nothing_can_be_logged() {
    // A device that is always full, which only some systems have.
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        eprintln!("SKIPPED: there is no /dev/full here");
        return;
    };
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let folder = tempfile::tempdir().expect("a folder");
    let service = Command::new(env!("CARGO_BIN_EXE_faults"))
        .args(["mainstay", "serve", "--log-level", "debug"])
        .args(["--listen", &address.to_string()])
        .env("MAINSTAY_DATA", folder.path())
        .stdout(Stdio::null())
        .stderr(full)
        .spawn()
        .expect("the program starts");
    let mut service = Served(service);
    loop {
        if let Some(status) = service.0.try_wait().expect("a process of ours") {
            panic!("it ended: {status}");
        }
        if let Ok(mut stream) = TcpStream::connect(address) {
            let patience = Some(Duration::from_secs(120));
            stream.set_read_timeout(patience).expect("a socket");
            let ask =
                "GET /api/v1/tickets HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
            stream.write_all(ask.as_bytes()).expect("a request");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer");
            assert!(answer.starts_with("HTTP/1.1 401"), "{answer:?}");
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
