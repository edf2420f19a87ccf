//! A gateway of one's own: an address, secret headers, and a body made from a template.

use minijinja::{Environment, context};

use super::request::{Act, Request, ShortMessage};
use crate::secret::Secret;

/// The body where the settings give none.
const USUAL_BODY: &str = r#"{"id":{{id|json}},"to":{{to|json}},"act":{{act|json}},"key":{{key|json}},"title":{{title|json}},"text":{{text|json}},"url":{{url|json}}}"#;

/// How much work a template may do.
const FUEL: u64 = 10_000;

/// A gateway that takes short messages over HTTP. What it is sent carries the header `idempotency-key`, the same at each
/// try.
#[derive(Clone, Debug)]
pub struct Gateway {
    url: Secret,
    content_type: String,
    headers: Vec<(String, Secret)>,
    body: String,
}

/// Why a gateway cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// The body's template does not work.
    #[error(
        "the body does not work: {0}: write {{{{ text | json }}}} or {{{{ text | url }}}} with id, to, act, key, title, detail, text or url"
    )]
    Body(String),
    /// A header cannot be sent.
    #[error("{0:?} is no name of a header, or its value has a character that headers cannot carry")]
    Header(String),
}

impl Gateway {
    /// A gateway at an address. The body is a template; JSON of everything when absent.
    ///
    /// # Errors
    /// When the body's template does not work or a header cannot be sent.
    pub fn new(
        url: Secret,
        content_type: &str,
        headers: Vec<(String, Secret)>,
        body: Option<&str>,
    ) -> Result<Self, GatewayError> {
        for (name, value) in &headers {
            let is_name = reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_ok();
            let is_value = reqwest::header::HeaderValue::from_str(value.expose()).is_ok();
            if !is_name || !is_value {
                return Err(GatewayError::Header(name.clone()));
            }
        }
        let gateway = Self {
            url,
            content_type: content_type.to_owned(),
            headers,
            body: body.unwrap_or(USUAL_BODY).to_owned(),
        };
        let sample = ShortMessage {
            id: "1",
            to: Some("+15005550006"),
            act: Act::Tell,
            key: "1",
            title: "A title",
            detail: "A detail",
            url: "https://mainstay.example/",
        };
        gateway
            .request(&sample, "A text")
            .map_err(GatewayError::Body)?;
        Ok(gateway)
    }

    /// The request that sends a message.
    pub(super) fn request(
        &self,
        message: &ShortMessage<'_>,
        text: &str,
    ) -> Result<Request, String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.add_filter("json", |text: String| {
            serde_json::Value::String(text).to_string()
        });
        environment.add_filter("url", |text: String| {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
        });
        let values = context! {
            id => message.id,
            to => message.to.unwrap_or_default(),
            act => message.act.as_str(),
            key => message.key,
            title => message.title,
            detail => message.detail,
            text => text,
            url => message.url,
        };
        let body = environment
            .render_str(&self.body, values)
            .map_err(|error| error.to_string())?;
        let mut request = Request::of_type(&self.content_type, self.url.expose(), body)
            .with("idempotency-key", message.id);
        request.headers.extend(self.headers.iter().cloned());
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::message;
    use super::*;

    fn gateway(body: Option<&str>) -> Result<Gateway, GatewayError> {
        let headers = vec![("x-api-key".to_owned(), Secret::new("secret"))];
        Gateway::new(
            Secret::new("https://sms.example/send"),
            "application/json",
            headers,
            body,
        )
    }

    #[test]
    fn the_usual_body_is_json_of_everything() {
        let message = message(Some("+34600000000"), Act::Resolve);
        let request = gateway(None)
            .unwrap()
            .request(&message, "A \"text\"")
            .unwrap();
        let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(body["to"], "+34600000000");
        assert_eq!(body["act"], "resolve");
        assert_eq!(body["text"], "A \"text\"");
        let names: Vec<&str> = request
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["content-type", "idempotency-key", "x-api-key"]);
    }

    #[test]
    fn a_body_may_be_a_form() {
        let message = message(Some("+34600000000"), Act::Tell);
        let gateway = gateway(Some("to={{ to | url }}&text={{ text | url }}")).unwrap();
        let request = gateway.request(&message, "a & b").unwrap();
        assert_eq!(request.body, "to=%2B34600000000&text=a+%26+b");
    }

    #[test]
    fn what_does_not_work_is_refused_at_once() {
        let unknown = gateway(Some("{{ txt }}")).unwrap_err().to_string();
        assert!(
            unknown.starts_with("the body does not work: undefined value"),
            "{unknown}"
        );
        let broken = Gateway::new(
            Secret::new("https://x.example"),
            "application/json",
            vec![("no header".to_owned(), Secret::new("x"))],
            None,
        );
        assert_eq!(
            broken.unwrap_err(),
            GatewayError::Header("no header".to_owned())
        );
    }
}
