//! Fetching the pictures that a message names and does not bring.
//!
//! Whoever writes a message chooses these addresses, so they must not become a way into our own network:
//! [`Destinations`] says where a picture may be fetched from, and each redirect is judged anew. A request carries no cookie
//! and no referrer, and an answer is read no further than it may be long.

use std::time::Duration;

use reqwest::header::{ACCEPT, LOCATION};
use reqwest::{Response, Url};

use crate::outbound::{Destinations, Outbound, OutboundSettings, Unanswered, send};

/// So many redirects are followed.
const MOST_REDIRECTS: usize = 3;

/// The pictures that a browser is shown.
const WANTED: &str = "image/png, image/jpeg, image/gif, image/webp";

/// How pictures are fetched.
#[derive(Clone, Debug)]
pub struct ImageSettings {
    /// Where they may be fetched from.
    pub destinations: Destinations,
    /// How long each request may take until its answer was read.
    pub timeout: Duration,
    /// A longer picture is given up, in bytes.
    pub most_bytes: usize,
    /// Certificates of authorities to trust besides the system's, as PEM.
    pub extra_authorities: Vec<String>,
    /// What we call ourselves, `mainstay/1.0`.
    pub user_agent: String,
}

/// Why a picture was not fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageFault {
    /// It never will be: the address is none that we may fetch from, or what is there is no picture to show.
    #[error("{0}")]
    Refused(String),
    /// It may be fetched later.
    #[error("{0}")]
    Unanswered(String),
}

/// Fetches pictures.
#[derive(Clone, Debug)]
pub struct ImageFetcher {
    outbound: Outbound,
    most_bytes: usize,
}

impl ImageFetcher {
    /// Prepares connections; nothing is connected yet.
    ///
    /// # Errors
    /// A sentence, when an extra authority cannot be read or TLS cannot be prepared.
    pub fn new(settings: &ImageSettings) -> Result<Self, String> {
        let outbound = Outbound::new(&OutboundSettings {
            destinations: settings.destinations,
            timeout: settings.timeout,
            extra_authorities: &settings.extra_authorities,
            user_agent: &settings.user_agent,
        })?;
        Ok(Self {
            outbound,
            most_bytes: settings.most_bytes,
        })
    }

    /// The bytes at an address, whatever they are.
    ///
    /// # Errors
    /// When the address or one that it leads to is none that we may fetch from, nobody answers, or there is too much.
    pub async fn fetch(&self, address: &str) -> Result<Vec<u8>, ImageFault> {
        let mut url = self.allowed(address)?;
        for _ in 0..=MOST_REDIRECTS {
            let request = self.outbound.get(url.clone()).header(ACCEPT, WANTED);
            let response = send(request).await.map_err(|unanswered| match unanswered {
                Unanswered::Permanent(reason) => ImageFault::Refused(reason),
                Unanswered::Retry(reason) => ImageFault::Unanswered(reason),
            })?;
            let status = response.status();
            if status.is_success() {
                return self.read(response).await;
            }
            if !status.is_redirection() {
                return Err(ImageFault::Unanswered(format!(
                    "the server answers {status}"
                )));
            }
            let place = response.headers().get(LOCATION);
            let place = place.and_then(|place| place.to_str().ok());
            let place = place
                .ok_or_else(|| ImageFault::Refused("the server redirects to nowhere".to_owned()))?;
            url = self.next(&url, place)?;
        }
        Err(ImageFault::Refused(format!(
            "the server redirects more than {MOST_REDIRECTS} times"
        )))
    }

    /// Where a redirect leads, if that is an address that we may fetch from.
    fn next(&self, from: &Url, place: &str) -> Result<Url, ImageFault> {
        let next = from
            .join(place)
            .map_err(|error| ImageFault::Refused(format!("the redirect is not a URL: {error}")))?;
        self.allowed(next.as_str())
    }

    /// The address, if it is one that we may fetch from as far as can be seen without resolving it. Most messages still
    /// name pictures by `http`; where only `https` may be used, it is tried in its place.
    fn allowed(&self, address: &str) -> Result<Url, ImageFault> {
        let address = address.trim();
        let is_plain = address
            .get(..5)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"));
        let secure = if is_plain && self.outbound.is_public_only() {
            format!("https:{}", &address[5..])
        } else if address.starts_with("//") {
            format!("https:{address}")
        } else {
            address.to_owned()
        };
        self.outbound
            .checked_url(&secure)
            .map_err(ImageFault::Refused)
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, ImageFault> {
        let most = self.most_bytes;
        let too_large = || ImageFault::Refused(format!("the picture has more than {most} bytes"));
        if response
            .content_length()
            .is_some_and(|length| length > most as u64)
        {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        let broken =
            |error: reqwest::Error| ImageFault::Unanswered(error.without_url().to_string());
        while let Some(part) = response.chunk().await.map_err(broken)? {
            if bytes.len() + part.len() > most {
                return Err(too_large());
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    fn fetcher(destinations: Destinations) -> ImageFetcher {
        ImageFetcher::new(&ImageSettings {
            destinations,
            timeout: Duration::from_secs(20),
            most_bytes: 1000,
            extra_authorities: Vec::new(),
            user_agent: "mainstay/test".to_owned(),
        })
        .unwrap()
    }

    /// A server that answers by path, and what it was asked.
    async fn server() -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (told, asked) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap();
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default();
                let answer = match path {
                    "/picture" => {
                        "200 OK\r\nset-cookie: seen=1\r\ncontent-length: 3\r\n\r\nabc".to_owned()
                    }
                    "/moved" => {
                        "302 Found\r\nlocation: /picture\r\ncontent-length: 0\r\n\r\n".to_owned()
                    }
                    "/round" => {
                        "302 Found\r\nlocation: /round\r\ncontent-length: 0\r\n\r\n".to_owned()
                    }
                    "/astray" => {
                        "302 Found\r\nlocation: file:///etc/passwd\r\ncontent-length: 0\r\n\r\n"
                            .to_owned()
                    }
                    "/large" => {
                        format!("200 OK\r\ncontent-length: 1001\r\n\r\n{}", "x".repeat(1001))
                    }
                    "/endless" => format!("200 OK\r\n\r\n{}", "x".repeat(1001)),
                    _ => "404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
                };
                let _ = told.send(request);
                let answer = format!("HTTP/1.1 {answer}");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        (url, asked)
    }

    #[tokio::test]
    async fn a_picture_is_fetched_without_saying_who_reads_it() {
        let (url, mut asked) = server().await;
        let fetcher = fetcher(Destinations::Anywhere);
        for path in ["/picture", "/moved"] {
            assert_eq!(
                fetcher.fetch(&format!("{url}{path}")).await.unwrap(),
                b"abc"
            );
        }
        asked.close();
        while let Some(request) = asked.recv().await {
            let request = request.to_lowercase();
            assert!(!request.contains("\r\ncookie:"), "{request}");
            assert!(!request.contains("\r\nreferer:"), "{request}");
        }
    }

    #[tokio::test]
    async fn what_is_too_large_and_what_leads_astray_is_refused() {
        let (url, _asked) = server().await;
        let fetcher = fetcher(Destinations::Anywhere);
        for path in ["/large", "/endless", "/round", "/astray"] {
            let outcome = fetcher.fetch(&format!("{url}{path}")).await;
            assert!(
                matches!(outcome, Err(ImageFault::Refused(_))),
                "{path}: {outcome:?}"
            );
        }
        let absent = fetcher.fetch(&format!("{url}/absent")).await;
        assert!(
            matches!(absent, Err(ImageFault::Unanswered(_))),
            "{absent:?}"
        );
    }

    #[tokio::test]
    async fn private_addresses_are_refused_at_first_and_after_a_redirect() {
        let fetcher = fetcher(Destinations::Public);
        let from = Url::parse("https://pictures.example.com/a/1.png").unwrap();
        for place in [
            "https://127.0.0.1/",
            "http://10.0.0.1/logo.png",
            "//169.254.169.254/latest/meta-data/",
            "https://[::ffff:192.168.0.1]/",
            "file:///etc/passwd",
        ] {
            let next = fetcher.next(&from, place);
            assert!(matches!(next, Err(ImageFault::Refused(_))), "{place}");
            let fetched = fetcher.fetch(place).await;
            assert!(matches!(fetched, Err(ImageFault::Refused(_))), "{place}");
        }
        // A name shows where it leads only when it is resolved.
        let local = fetcher.fetch("https://localhost/logo.png").await;
        assert!(matches!(local, Err(ImageFault::Refused(_))), "{local:?}");
    }

    #[test]
    fn pictures_are_asked_for_by_https() {
        let public = fetcher(Destinations::Public);
        for (address, asked) in [
            ("http://a.example/1.png", "https://a.example/1.png"),
            ("HTTP://a.example/1.png", "https://a.example/1.png"),
            ("//a.example/1.png", "https://a.example/1.png"),
            (" https://a.example/1.png", "https://a.example/1.png"),
        ] {
            assert_eq!(public.allowed(address).unwrap().as_str(), asked);
        }
        let moved = public.next(&Url::parse("https://a.example/b/1.png").unwrap(), "2.png");
        assert_eq!(moved.unwrap().as_str(), "https://a.example/b/2.png");
    }
}
