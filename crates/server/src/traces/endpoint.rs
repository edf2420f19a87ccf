//! Where a collector of traces is.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

/// The address of a collector that speaks OTLP over HTTP, without what stands for the kind of signal (`/v1/traces`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Where spans are sent.
    #[must_use]
    pub fn for_traces(&self) -> String {
        format!("{}/v1/traces", self.0.as_str().trim_end_matches('/'))
    }
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            format!("{what}: expected the address of a collector, such as http://127.0.0.1:4318")
        };
        let url =
            Url::parse(text).map_err(|error| wrong(&format!("{text:?} is no URL ({error})")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(wrong(&format!("{text:?} is no address of HTTP")));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "the address holds a credential, which would be shown: give it as OTEL_EXPORTER_OTLP_HEADERS instead"
                    .to_owned(),
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("the address holds more than a path"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_signal_is_appended_to_what_was_given() {
        for (given, sent_to) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            (
                "https://otel.example/in/",
                "https://otel.example/in/v1/traces",
            ),
        ] {
            assert_eq!(given.parse::<Endpoint>().unwrap().for_traces(), sent_to);
        }
    }

    #[test]
    fn what_is_no_address_of_a_collector_is_refused_and_a_credential_never_repeated() {
        for given in [
            "collector:4318",
            "grpc://collector:4317",
            "http://",
            "http://c/?a=b",
        ] {
            let error = given.parse::<Endpoint>().unwrap_err();
            assert!(error.contains("such as http://127.0.0.1:4318"), "{error}");
        }
        let error = "http://me:hunter2@collector"
            .parse::<Endpoint>()
            .unwrap_err();
        assert!(error.contains("OTEL_EXPORTER_OTLP_HEADERS"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
