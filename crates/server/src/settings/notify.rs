//! Settings of the ways by which people are reached: Slack, text messages, telephone calls and pagers.

use mainstay_channels::notify::{Gateway, Pager, Slack, Telephone, Twilio};
use mainstay_channels::secret::Secret;

use super::Reader;

/// Settings of short messages to people.
#[derive(Debug)]
pub struct Notify {
    /// Whether they may go to addresses of private networks, and by `http`: for a gateway in one's own house.
    pub allow_private_addresses: bool,
    /// Slack, where it is set up.
    pub slack: Option<Slack>,
    /// Text messages, where they are.
    pub sms: Option<Telephone>,
    /// Telephone calls, where they are.
    pub voice: Option<Telephone>,
    /// Pagers, where they are.
    pub pager: Option<Pager>,
}

impl Notify {
    pub(super) fn read(r: &mut Reader) -> Self {
        Self {
            allow_private_addresses: r.value("notify.allow_private_addresses", false),
            slack: slack(r),
            sms: telephone(r, "notify.sms"),
            voice: telephone(r, "notify.voice"),
            pager: pager(r),
        }
    }
}

fn slack(r: &mut Reader) -> Option<Slack> {
    let webhook = address(r, "notify.slack.webhook_url");
    let token = secret(r, "notify.slack.token");
    let base_url = r.text("notify.slack.base_url", "https://slack.com/api");
    let channel = r.maybe("notify.slack.channel");
    match (webhook, token) {
        (Some(_), Some(_)) => {
            r.fault("notify.slack.webhook_url and notify.slack.token are both set: keep one");
            None
        }
        (Some(url), None) => Some(Slack::Webhook { url }),
        (None, token) => token.map(|token| Slack::Bot {
            base_url,
            token,
            channel,
        }),
    }
}

fn telephone(r: &mut Reader, key: &str) -> Option<Telephone> {
    let base_url = r.text(&format!("{key}.base_url"), "https://api.twilio.com");
    let account = r.maybe::<String>(&format!("{key}.account"));
    let token = secret(r, &format!("{key}.auth_token"));
    let from = r.maybe::<String>(&format!("{key}.from"));
    let gateway = gateway(r, key);
    let given = [account.is_some(), token.is_some(), from.is_some()];
    if given.contains(&true) && given.contains(&false) {
        r.fault(format!(
            "{key}.account, {key}.auth_token and {key}.from go together: give all three or none"
        ));
    }
    if given.contains(&true) && gateway.is_some() {
        r.fault(format!(
            "{key}.account and {key}.gateway.url are both set: keep one"
        ));
    }
    match (account, token, from) {
        (Some(account), Some(token), Some(from)) => Some(Telephone::Twilio(Twilio {
            base_url,
            account,
            token,
            from,
        })),
        _ => gateway.map(Telephone::Gateway),
    }
}

fn pager(r: &mut Reader) -> Option<Pager> {
    let enabled = r.value("notify.pager.pagerduty", false);
    let base_url = r.text("notify.pager.base_url", "https://events.pagerduty.com");
    let key = secret(r, "notify.pager.key");
    let gateway = gateway(r, "notify.pager");
    if gateway.is_some() && (enabled || key.is_some()) {
        r.fault("notify.pager.key and notify.pager.gateway.url are both set: keep one");
    }
    match gateway {
        Some(gateway) => Some(Pager::Gateway(gateway)),
        // People may have keys of their own where there is none for everybody.
        None => (enabled || key.is_some()).then_some(Pager::PagerDuty { base_url, key }),
    }
}

fn gateway(r: &mut Reader, key: &str) -> Option<Gateway> {
    let url = address(r, &format!("{key}.gateway.url"));
    let content_type = r.text(&format!("{key}.gateway.content_type"), "application/json");
    let body = r.maybe::<String>(&format!("{key}.gateway.body"));
    let list = format!("{key}.gateway.headers");
    let headers = (0..r.length(&list))
        .map(|index| {
            let name = r.required(&format!("{list}.{index}.name"));
            let value = r.required_secret(&format!("{list}.{index}.value"));
            (name, Secret::new(value.expose()))
        })
        .collect();
    match Gateway::new(url?, &content_type, headers, body.as_deref()) {
        Ok(gateway) => Some(gateway),
        Err(error) => {
            r.fault(format!("{key}.gateway: {error}"));
            None
        }
    }
}

fn address(r: &mut Reader, key: &str) -> Option<Secret> {
    r.secret_address(key)
        .map(|secret| Secret::new(secret.expose()))
}

fn secret(r: &mut Reader, key: &str) -> Option<Secret> {
    r.secret(key).map(|secret| Secret::new(secret.expose()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::super::Settings;
    use super::*;

    fn read(file: &str) -> Result<Settings, String> {
        let file = Some((Path::new("mainstay.toml"), file));
        Reader::new(file, BTreeMap::new(), BTreeMap::new())
            .and_then(Settings::read)
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn every_way_is_set_up_and_its_secrets_are_masked() {
        let file = r#"
            [notify.slack]
            token = "xoxb-secret"
            [notify.sms]
            account = "AC1"
            auth_token = "twilio-secret"
            from = "+15005550006"
            [notify.voice.gateway]
            url = "https://calls.example/?key=url-secret"
            [[notify.voice.gateway.headers]]
            name = "x-api-key"
            value = "header-secret"
            [notify.pager]
            key = "pager-secret"
        "#;
        let settings = read(file).unwrap();
        let notify = &settings.notify;
        assert!(matches!(notify.slack, Some(Slack::Bot { .. })));
        assert!(matches!(notify.sms, Some(Telephone::Twilio(_))));
        assert!(matches!(notify.voice, Some(Telephone::Gateway(_))));
        assert!(matches!(notify.pager, Some(Pager::PagerDuty { .. })));
        let shown = format!("{:?} {:?}", settings.shown, settings.notify);
        assert!(!shown.contains("-secret"), "{shown}");
    }

    #[test]
    fn what_contradicts_itself_is_told_at_once() {
        let file = r#"
            [notify.slack]
            token = "a"
            webhook_url = "https://hooks.slack.com/x"
            [notify.sms]
            account = "AC1"
            [notify.pager.gateway]
            url = "https://pager.example"
            body = "{{ nothing }}"
        "#;
        let refused = read(file).unwrap_err();
        for expected in [
            "notify.slack.webhook_url and notify.slack.token are both set: keep one",
            "notify.sms.account, notify.sms.auth_token and notify.sms.from go together",
            "notify.pager.gateway: the body does not work: undefined value",
        ] {
            assert!(refused.contains(expected), "{expected}: {refused}");
        }
    }
}
