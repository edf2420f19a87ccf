use mainstay_channels::mail::{self, Reading, html, reply};
use serde_json::{Value, json};
use std::io::{BufRead, Write};
fn run(v: &Value) -> Value {
    let op = v["op"].as_str().unwrap();
    let input = v["input"].as_str().unwrap_or("");
    match op {
        "plain" => {
            let r = reply::strip(input);
            json!({"reply": r.reply, "removed": r.removed})
        }
        "html" => {
            let r = reply::strip_html(input);
            json!({"reply": r.reply, "text": html::to_text(&r.reply), "removed": r.removed})
        }
        "embedded" => {
            let r = reply::embedded(input);
            json!({"before": r.before, "embedded": r.embedded})
        }
        "sig" => {
            let r = reply::split_signature(input);
            json!({"text": r.text, "signature": r.signature})
        }
        "sanitise" => {
            let r = html::sanitise(input, html::RemoteImages::Withhold, &|_| None);
            json!({"html": r.html})
        }
        "read" => {
            let raw = match v["path"].as_str() {
                Some(p) => std::fs::read(p).unwrap(),
                None => {
                    let hex = v["hex"].as_str().unwrap();
                    (0..hex.len() / 2)
                        .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
                        .collect()
                }
            };
            let m = mail::read(&raw);
            let r = Reading::of(&m);
            if let Some(s) = &m.html {
                let _ = html::sanitise(s, html::RemoteImages::Withhold, &|_| None);
            }
            let addr = |a: &[mail::Address]| -> Value {
                a.iter().map(|a| json!([a.name, a.address])).collect()
            };
            let auto_kind = r.automatic.kind().map(|k| format!("{k:?}"));
            json!({"subject": m.subject, "from": addr(&m.from), "to": addr(&m.to), "cc": addr(&m.cc), "reply_to": addr(&m.reply_to),
              "message_id": m.message_id, "in_reply_to": m.in_reply_to, "references": m.references, "date": m.date.map(|d| d.to_string()),
              "text": m.text, "html": m.html,
              "attachments": m.attachments.iter().map(|a| json!([a.filename, a.content_type, a.bytes.len(), a.sha256()])).collect::<Vec<_>>(),
              "visible_reply": r.visible_reply, "quoted": r.quoted, "signature": r.signature, "automatic": r.automatic.is_automatic(), "auto_kind": auto_kind,
              "signs": format!("{:?}", r.automatic.signs),
              "bounce": r.bounce.as_ref().map(|b| json!({"permanence": format!("{:?}", b.permanence()), "standard": b.standard, "orig": b.original_message_id, "recipients": b.recipients.iter().map(|x| json!([x.address, x.status, format!("{:?}", x.permanence), x.diagnostic])).collect::<Vec<_>>() })),
              "language": r.language, "defects": m.defects.iter().map(|d| d.name()).collect::<Vec<_>>() })
        }
        "muts" => {
            // mutate the file: truncations and flips
            let raw = std::fs::read(v["path"].as_str().unwrap()).unwrap();
            let mut worst = 0u128;
            let mut panics = vec![];
            let mut n = 0;
            let mut seed = 88172645463325252u64;
            let mut rnd = || {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                seed
            };
            let mut go = |bytes: &[u8], what: String| {
                let t = std::time::Instant::now();
                let ok = std::panic::catch_unwind(|| {
                    let m = mail::read(bytes);
                    let _ = Reading::of(&m);
                    if let Some(s) = &m.html {
                        let _ = html::sanitise(s, html::RemoteImages::Withhold, &|_| None);
                    }
                })
                .is_ok();
                if !ok {
                    panics.push(what);
                }
                worst = worst.max(t.elapsed().as_millis());
                n += 1;
            };
            let step = 50.max(raw.len() / 60);
            let mut i = 0;
            while i < raw.len() {
                go(&raw[..i], format!("trunc {i}"));
                i += step;
            }
            for k in 0..40 {
                let mut b = raw.clone();
                if b.is_empty() {
                    break;
                }
                for _ in 0..(1 + k % 8) {
                    let at = (rnd() as usize) % b.len();
                    b[at] ^= 1 << (rnd() % 8);
                }
                go(&b, format!("flip {k}"));
            }
            json!({"worst_ms": worst as u64, "panics": panics, "n": n})
        }
        _ => Value::Null,
    }
}
fn main() {
    let out = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        if line.trim().is_empty() {
            continue;
        }
        let v: Value = serde_json::from_str(&line).unwrap();
        let t = std::time::Instant::now();
        let mut r = match std::panic::catch_unwind(|| run(&v)) {
            Ok(r) => r,
            Err(_) => json!({"panic": true}),
        };
        r["ms"] = json!(t.elapsed().as_millis() as u64);
        writeln!(out.lock(), "{r}").unwrap();
    }
}
