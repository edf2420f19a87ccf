//! Slow clients, silent ones, and very many.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::house::{House, answer, rest};

const HEAD: &[u8] = b"POST /api/v1/tickets HTTP/1.1\r\nhost: localhost\r\n";

const ASK_METRICS: &[u8] = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[test]
fn who_drips_the_head_of_a_request_is_let_go_and_nobody_waits_for_it() {
    let house = House::open(&[("HTTP_HEADER_TIMEOUT", "2s")]);
    let mut slow = house.connect();
    slow.set_nodelay(true).expect("a socket");
    slow.write_all(HEAD).expect("written");
    // A byte for each request of somebody else: far more of them are made than the time for the head has room for.
    loop {
        house.serves();
        if slow.write_all(b"a").is_err() {
            break;
        }
        slow.set_nonblocking(true).expect("a socket");
        let mut byte = [0];
        let ended = !matches!(slow.peek(&mut byte), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
        slow.set_nonblocking(false).expect("a socket");
        if ended {
            break;
        }
    }
    let told = answer(&mut slow);
    assert!(
        told.problem(408).contains("head of the request"),
        "{told:?}"
    );
    assert!(told.head.contains("connection: close"), "{told:?}");
}

#[test]
fn who_begins_a_head_and_falls_silent_is_let_go() {
    let house = House::open(&[("HTTP_HEADER_TIMEOUT", "5s")]);
    let mut begun = house.connect();
    begun.write_all(HEAD).expect("written");
    // The time counts anew with each request of a connection.
    let mut second = house.connect();
    let ask = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    second.write_all(ask).expect("written");
    read_until(&mut second, "ok\n");
    second.write_all(HEAD).expect("written");
    let told = answer(&mut begun);
    assert!(
        told.problem(408).contains("head of the request"),
        "{told:?}"
    );
    assert_eq!(answer(&mut second).status, 408);
}

#[test]
fn who_sends_no_body_or_drips_it_is_told_and_nothing_is_done() {
    // Every request of others must be answered within the time of a request, and the next byte follow within that of a body.
    let house = House::open(&[("HTTP_BODY_TIMEOUT", "5s"), ("HTTP_REQUEST_TIMEOUT", "20s")]);
    let begin = |length: usize| {
        let mut stream = house.connect();
        let more = format!(
            "authorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n",
            house.token
        );
        stream.write_all(HEAD).expect("written");
        stream.write_all(more.as_bytes()).expect("written");
        stream
    };
    let mut silent = begin(100);
    silent.write_all(b"{\"subject\":").expect("written");
    let told = answer(&mut silent);
    assert!(told.problem(408).contains("nothing was done"), "{told:?}");
    // As long as something comes it is waited for, but no longer than a request may take.
    let mut dripping = begin(1_000_000);
    dripping.set_nonblocking(true).expect("a socket");
    let mut byte = [0];
    while dripping.peek(&mut byte).is_err() {
        house.serves();
        let _ = dripping.write(b" ");
    }
    dripping.set_nonblocking(false).expect("a socket");
    let told = answer(&mut dripping);
    assert!(told.problem(408).contains("nothing was done"), "{told:?}");
    assert_eq!(house.get("/tickets").json()["items"], serde_json::json!([]));
}

#[test]
fn a_connection_that_rests_too_long_is_ended() {
    let house = House::open(&[("HTTP_IDLE_TIMEOUT", "5s")]);
    let mut idle = house.connect();
    let ask = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for _ in 0..3 {
        idle.write_all(ask).expect("written");
        read_until(&mut idle, "ok\n");
    }
    assert!(rest(&mut idle).is_empty(), "it ends without a word");
}

/// Live events are silent for longer than any connection may rest.
#[test]
fn a_stream_of_events_is_not_taken_for_a_connection_that_rests() {
    let house = House::open(&[("HTTP_IDLE_TIMEOUT", "5s"), ("HTTP_HEADER_TIMEOUT", "5s")]);
    let mut idle = house.connect();
    let mut events = house.connect();
    let ask = format!(
        "GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\r\n",
        house.token
    );
    events.write_all(ask.as_bytes()).expect("written");
    read_until(&mut events, "text/event-stream");
    // Two that rest, one after the other, end while the stream goes on.
    for _ in 0..2 {
        rest(&mut idle);
        idle = house.connect();
    }
    house.open_ticket("Seen live");
    read_until(&mut events, "ticket");
}

#[test]
fn who_reads_nothing_of_an_answer_is_let_go() {
    let house = House::open(&[("HTTP_WRITE_TIMEOUT", "1s")]);
    // Far more is asked for than the buffers of the system hold.
    let mut deaf = house.connect();
    let ask = "GET /api/openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";
    deaf.set_nonblocking(true).expect("a socket");
    let ended = loop {
        match deaf.write(ask.as_bytes()) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => house.serves(),
            Err(error) => break error,
        }
    };
    assert!(
        matches!(
            ended.kind(),
            std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe
        ),
        "{ended}"
    );
}

#[test]
fn one_connection_too_many_is_turned_away_with_a_reason() {
    let house = House::open(&[("HTTP_MAX_CONNECTIONS", "3")]);
    let held: Vec<TcpStream> = (0..3)
        .map(|_| {
            let mut stream = house.connect();
            let ask = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
            stream.write_all(ask).expect("written");
            read_until(&mut stream, "ok\n");
            stream
        })
        .collect();
    let told = answer(&mut house.connect());
    assert!(told.problem(503).contains("try again"), "{told:?}");
    drop(held);
    // A place is free as soon as the service has seen that one went.
    loop {
        let mut stream = house.connect();
        let ask = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        let _ = stream.write_all(ask);
        let text = String::from_utf8_lossy(&rest(&mut stream)).into_owned();
        if text.ends_with("ok\n") {
            break;
        }
    }
}

#[test]
fn the_address_of_metrics_holds_as_many_connections_and_the_service_has_its_own() {
    // Whoever holds a place is to hold it until the end, however long that takes.
    let house = House::open(&[
        ("METRICS_LISTEN", "127.0.0.1:0"),
        ("HTTP_HEADER_TIMEOUT", "1h"),
        ("HTTP_IDLE_TIMEOUT", "1h"),
        ("HTTP_MAX_CONNECTIONS", "2"),
    ]);
    let mut begun = house.connect_to_metrics();
    begun.write_all(&ASK_METRICS[..20]).expect("written");
    let mut watcher = house.connect_to_metrics();
    watcher.write_all(ASK_METRICS).expect("written");
    read_until(&mut watcher, "mainstay_");
    let told = answer(&mut house.connect_to_metrics());
    assert!(told.problem(503).contains("try again"), "{told:?}");
    house.serves();
}

#[test]
fn the_address_of_metrics_keeps_to_the_same_times() {
    let house = House::open(&[
        ("METRICS_LISTEN", "127.0.0.1:0"),
        ("HTTP_HEADER_TIMEOUT", "5s"),
        ("HTTP_IDLE_TIMEOUT", "5s"),
    ]);
    let mut begun = house.connect_to_metrics();
    begun.write_all(&ASK_METRICS[..20]).expect("written");
    let mut watcher = house.connect_to_metrics();
    watcher.write_all(ASK_METRICS).expect("written");
    read_until(&mut watcher, "mainstay_");
    let told = answer(&mut begun);
    assert!(
        told.problem(408).contains("head of the request"),
        "{told:?}"
    );
    // What is left of the figures, and then the end without a word.
    let left = String::from_utf8_lossy(&rest(&mut watcher)).into_owned();
    assert!(!left.contains("HTTP/1.1"), "{left}");
}

#[test]
fn ten_thousand_idle_connections_keep_nobody_from_being_served() {
    const IDLE: usize = 10_000;
    let files = rlimit::increase_nofile_limit(u64::MAX).expect("a limit");
    assert!(
        files > IDLE as u64 + 100,
        "only {files} files may be open: see `ulimit -Hn`"
    );
    // They are to be there all the while, and the service is begun as most systems begin one: with few files.
    let few = "ulimit -Sn 1024; exec \"$@\"";
    let mut house = House::closed();
    house.serve_by("sh", &["-c", few, "sh"], &[("HTTP_HEADER_TIMEOUT", "1h")]);
    let kept = house.open_ticket("Before the crowd");
    let crowd: Vec<TcpStream> = (0..IDLE).map(|_| house.connect()).collect();
    let amid = house.open_ticket("Amid the crowd");
    for id in [kept, amid] {
        assert_eq!(house.get(&format!("/tickets/{id}")).status, 200);
    }
    let still = crowd.iter().filter(|stream| {
        stream.set_nonblocking(true).expect("a socket");
        let peeked = stream.peek(&mut [0]);
        peeked.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    });
    assert_eq!(still.count(), IDLE, "none was turned away");
}

/// Reads until a text has come.
fn read_until(stream: &mut TcpStream, wanted: &str) {
    let mut read = Vec::new();
    let mut part = [0; 1024];
    while !String::from_utf8_lossy(&read).contains(wanted) {
        let count = stream.read(&mut part).expect("something to read");
        assert!(
            count > 0,
            "it ended after {:?}",
            String::from_utf8_lossy(&read)
        );
        read.extend_from_slice(&part[..count]);
    }
}
