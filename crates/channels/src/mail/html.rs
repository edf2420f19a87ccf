//! HTML: its text, and a form of it that is safe to show.

mod colour;
mod text;

use std::collections::HashSet;

use html5ever::{Attribute, LocalName, QualName, ns};

use text::strip_tags;
pub use text::{Line, lines, to_text};

use super::dom::{Content, Dom, MOST_ESCAPING, NodeId, Step, escaping};

/// What becomes of images that would be fetched from somewhere when the message is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoteImages {
    /// They are not fetched: the address stands in `data-remote-src`, from where a reader can ask for it.
    Withhold,
    /// They are shown; the sender learns that the message was opened.
    Show,
}

/// HTML that is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafeHtml {
    /// The HTML: no scripts, no forms, no styles beyond colour and emphasis, and no text that its colours hide.
    pub html: String,
    /// How many remote images were withheld.
    pub withheld_images: usize,
}

/// How many times as long as the source, and by how many bytes more, the HTML may be: a link becomes ten times as long by what keeps it from
/// telling where it was followed.
const MOST_GROWTH: usize = 30;
const GROWS_ANYWAY: usize = 10_000;

/// Makes HTML safe to show.
///
/// Images within the message are addressed as `cid:…`; `cid_url` says where such an image is found, none leaves its
/// address as it is.
pub fn sanitise(
    html: &str,
    remote_images: RemoteImages,
    cid_url: &dyn Fn(&str) -> Option<String>,
) -> SafeHtml {
    let Some(mut dom) = Dom::parse(html) else {
        return as_text(&strip_tags(html));
    };
    let withheld_images = rewrite_images(&mut dom, remote_images, cid_url);
    remove_foreign(&mut dom);
    colour::say_as_styles(&mut dom);
    plain_styles(&mut dom);
    colour::keep_readable(&mut dom);
    let source = dom.to_html();
    let is_costly = source.split('<').map(escaping).sum::<usize>() > MOST_ESCAPING;
    // The sanitiser parses it once more, and elements that overlap may grow once more.
    if is_costly || !dom.is_parsed_again(&source) {
        return as_text(&to_text(html));
    }
    let cleaned = ammonia::Builder::default()
        .add_url_schemes(["cid"])
        .add_tag_attributes("img", ["data-remote-src"])
        .add_generic_attributes(["style"])
        .filter_style_properties(HashSet::from([
            "color",
            "background-color",
            "font-weight",
            "font-style",
            "text-align",
            "text-decoration",
        ]))
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean(&source)
        .to_string();
    if cleaned.len() > MOST_GROWTH * html.len() + GROWS_ANYWAY {
        return as_text(&to_text(html));
    }
    SafeHtml {
        // Blanks before the first element mean nothing.
        html: cleaned.trim_ascii_start().to_owned(),
        withheld_images,
    }
}

/// What cannot be made safe at a bearable cost is shown as plain text.
fn as_text(text: &str) -> SafeHtml {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '\n' => "<br>".to_owned(),
            c => c.to_string(),
        })
        .collect();
    SafeHtml {
        html: escaped,
        withheld_images: 0,
    }
}

/// Takes out what is never shown, before the sanitiser has to parse it again: comments, scripts, drawings.
fn remove_foreign(dom: &mut Dom) {
    let foreign: HashSet<NodeId> = dom
        .steps()
        .into_iter()
        .filter_map(|step| match step {
            Step::Enter(id) => Some(id),
            Step::Leave(_) => None,
        })
        .filter(|id| {
            matches!(dom.node(*id).content, Content::Comment(_))
                || matches!(
                    dom.tag(*id),
                    "svg"
                        | "math"
                        | "template"
                        | "script"
                        | "style"
                        | "noscript"
                        | "object"
                        | "iframe"
                )
        })
        .collect();
    dom.detach_all(&foreign);
}

fn rewrite_images(
    dom: &mut Dom,
    remote_images: RemoteImages,
    cid_url: &dyn Fn(&str) -> Option<String>,
) -> usize {
    let images = elements(dom, |dom, id| dom.tag(id) == "img");
    let mut withheld = 0;
    for id in images {
        let source = as_browsers_read(dom.attribute(id, "src").unwrap_or_default());
        let Some(attributes) = dom.attributes_mut(id) else {
            continue;
        };
        // The sender could name a withheld image himself; only ours may stand there.
        attributes.retain(|attribute| {
            !matches!(&*attribute.name.local, "src" | "srcset" | "data-remote-src")
        });
        let scheme = source
            .split_once(':')
            .map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("cid") => {
                let url = cid_url(source.get(4..).unwrap_or_default());
                set_attribute(attributes, "src", &url.unwrap_or(source));
            }
            _ if !is_remote(&source) => {}
            _ if remote_images == RemoteImages::Withhold => {
                set_attribute(attributes, "data-remote-src", &source);
                withheld += 1;
            }
            _ => set_attribute(attributes, "src", &source),
        }
    }
    withheld
}

/// An address as browsers read it: without blanks and controls around it, and without tabs and line ends within.
fn as_browsers_read(address: &str) -> String {
    address
        .trim_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
        .collect()
}

/// Whether an address leads to another server. Browsers take `\` for `/`. What is neither remote nor within the message
/// leads nowhere, for a message has no place of its own, or to something that is no image.
fn is_remote(address: &str) -> bool {
    let start: String = address.chars().take(8).collect();
    let start = start.to_ascii_lowercase().replace('\\', "/");
    ["http:", "https:", "//"]
        .iter()
        .any(|remote| start.starts_with(remote))
}

/// Leaves of styles only what is written plainly: a value with other characters is no colour or emphasis, and would be
/// read differently each time.
fn plain_styles(dom: &mut Dom) {
    for id in elements(dom, |dom, id| dom.attribute(id, "style").is_some()) {
        let plain: Vec<&str> = dom
            .attribute(id, "style")
            .unwrap_or_default()
            .split(';')
            .filter(|declaration| is_plain_style(declaration))
            .collect();
        let plain = plain.join(";");
        if let Some(attributes) = dom.attributes_mut(id) {
            set_attribute(attributes, "style", &plain);
        }
    }
}

fn is_plain_style(declaration: &str) -> bool {
    let value = declaration.split_once(':').map_or("", |(_, value)| value);
    let opened = value.matches('(').count();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " #%.,()!-".contains(c);
    value.chars().all(is_plain) && opened <= 1 && opened == value.matches(')').count()
}

/// The elements of which something holds.
fn elements(dom: &Dom, holds: impl Fn(&Dom, NodeId) -> bool) -> Vec<NodeId> {
    dom.steps()
        .into_iter()
        .filter_map(|step| match step {
            Step::Enter(id) if holds(dom, id) => Some(id),
            _ => None,
        })
        .collect()
}

/// The addresses of the images that [`sanitise`] withheld from this HTML, in the order in which they stand.
#[must_use]
pub fn withheld_images(html: &str) -> Vec<String> {
    let Some(dom) = Dom::parse(html) else {
        return Vec::new();
    };
    let images = elements(&dom, |dom, id| dom.tag(id) == "img");
    images
        .into_iter()
        .filter_map(|id| dom.attribute(id, "data-remote-src"))
        .map(str::to_owned)
        .collect()
}

fn set_attribute(attributes: &mut Vec<Attribute>, name: &str, value: &str) {
    attributes.retain(|attribute| &*attribute.name.local != name);
    attributes.push(Attribute {
        name: QualName::new(None, ns!(), LocalName::from(name)),
        value: value.into(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safe(html: &str) -> SafeHtml {
        sanitise(html, RemoteImages::Withhold, &|id| {
            (id == "img1").then(|| "https://desk.example.com/files/1".to_owned())
        })
    }

    #[test]
    fn what_could_do_harm_is_removed() {
        let cleaned = safe(
            "<p onclick=\"x()\" style=\"color:red;position:fixed\">a<script>x()</script><style>*{}</style></p><form><input></form><a href=\"javascript:x()\">b</a><iframe src=\"//x\"></iframe><svg><script>x()</script></svg>",
        );
        insta::assert_snapshot!(cleaned.html, @r#"<p style="color:red">a</p><a rel="noopener noreferrer nofollow">b</a>"#);
    }

    #[test]
    fn remote_images_are_withheld_and_inline_images_found() {
        let html = "<img src=\"https://spy.example.com/1.gif\" srcset=\"https://spy.example.com/2.gif 2x\" data-remote-src=\"x\"><img src=\"cid:img1\"><img src=\"cid:other\">";
        let cleaned = safe(html);
        assert_eq!(cleaned.withheld_images, 1);
        insta::assert_snapshot!(cleaned.html, @r#"<img data-remote-src="https://spy.example.com/1.gif"><img src="https://desk.example.com/files/1"><img src="cid:other">"#);
        assert_eq!(
            withheld_images(&cleaned.html),
            ["https://spy.example.com/1.gif"]
        );
        let shown = sanitise(html, RemoteImages::Show, &|_| None);
        assert_eq!(shown.withheld_images, 0);
        assert!(
            shown.html.contains("src=\"https://spy.example.com/1.gif\""),
            "{}",
            shown.html
        );
    }

    #[test]
    fn an_image_from_elsewhere_is_known_however_it_is_written() {
        for source in [
            "ht&#9;tps://spy.example.com/1.gif",
            " &#1;https://spy.example.com/1.gif",
            "HTTPS:spy.example.com/1.gif",
            "\\\\spy.example.com/1.gif",
            "/&#10;/spy.example.com/1.gif",
            "/\\spy.example.com/1.gif",
        ] {
            let cleaned = safe(&format!("<img src=\"{source}\">"));
            assert_eq!(cleaned.withheld_images, 1, "{source}");
            assert!(!cleaned.html.contains(" src="), "{}", cleaned.html);
        }
        for nowhere in [
            "/api/v1/me",
            "1.gif",
            "ftp://example.com/1.gif",
            "data:image/gif;base64,R0",
        ] {
            assert_eq!(safe(&format!("<img src=\"{nowhere}\">")).html, "<img>");
        }
    }

    #[test]
    fn styles_are_colour_and_emphasis_plainly_written() {
        let cleaned = safe(
            "<p style=\"color:rgb(1, 2, 3); background-color:red{; font-weight:b\\6fld;text-align:left\">a</p>",
        );
        insta::assert_snapshot!(cleaned.html, @r#"<p style="color:rgb(1, 2, 3);text-align:left">a</p>"#);
    }

    #[test]
    fn a_background_is_kept_however_it_is_said() {
        for (given, kept) in [
            (
                "<table bgcolor=#036><tr><td style='color:#fff'>a",
                r##"<table style="background-color:#003366;color:#ffffff"><tbody><tr><td style="color:#fff">a</td></tr></tbody></table>"##,
            ),
            (
                "<p style='background: url(x.gif) no-repeat NAVY; color:white'>a",
                r#"<p style="background-color:NAVY;color:white">a</p>"#,
            ),
            (
                "<body bgcolor=black text=fff><p>a",
                r#"<div style="background-color:#000000;color:#ffffff"><p>a</p></div>"#,
            ),
            (
                "<p bgcolor=003366><font color=white>a</font>",
                r#"<p style="background-color:#003366;color:#ffffff"><span style="color:#ffffff">a</span></p>"#,
            ),
            (
                "<p style='background-color:rgb(0, 20%, 10); color:#eee !important'>a",
                r##"<p style="background-color:rgb(0, 20%, 10);color:#eee ! important">a</p>"##,
            ),
        ] {
            assert_eq!(safe(given).html, kept);
        }
    }

    #[test]
    fn what_no_background_is_left_for_can_be_read() {
        for (given, kept) in [
            // The background was a picture, or stood in a style sheet.
            (
                "<p style='background:url(x.gif);color:#fff'>a",
                "<p style=\"\">a</p>",
            ),
            (
                "<p style='color:#fdfdfd;font-weight:bold'>a",
                "<p style=\"font-weight:bold\">a</p>",
            ),
            // The colour stood in a style sheet.
            (
                "<p bgcolor=navy>a",
                "<p style=\"background-color:#000080;color:#ffffff\">a</p>",
            ),
            // Text hides behind nothing, too.
            ("<p style='color:transparent'>a", "<p style=\"\">a</p>"),
            ("<p style='color:#0000'>a", "<p style=\"\">a</p>"),
            ("<p style='color:rgba(0,0,0,0.4%)'>a", "<p style=\"\">a</p>"),
            (
                "<div style='background-color:hsl(0, 0%, 10%)'><p style='color:rgb(0 0 0 / 0%)'>a",
                "<div style=\"background-color:hsl(0, 0%, 10%)\"><p style=\"\">a</p></div>",
            ),
            (
                "<p style='color:rgba(0,0,0,40%)'>a",
                "<p style=\"color:rgba(0, 0, 0, 40%)\">a</p>",
            ),
            // A background that covers half is one.
            (
                "<p style='background-color:rgba(0,0,0,60%);color:#fff'>a",
                "<p style=\"background-color:rgba(0, 0, 0, 60%);color:#fff\">a</p>",
            ),
            (
                "<p style='background-color:rgba(0,0,0,1%);color:#fff'>a",
                "<p style=\"background-color:rgba(0, 0, 0, 1%)\">a</p>",
            ),
            // What is faint may be meant, and what is not understood is left.
            ("<p style='color:#bbb'>a", "<p style=\"color:#bbb\">a</p>"),
            (
                "<p style='background-color:hsl(0, 0%, 10%);color:#fff'>a",
                "<p style=\"background-color:hsl(0, 0%, 10%);color:#fff\">a</p>",
            ),
            (
                "<div style='background-color:#000;color:#fff'><p style='background-color:#fff;color:#fff'>a</p>b</div>",
                "<div style=\"background-color:#000;color:#fff\"><p style=\"background-color:#fff;color:#000000\">a</p>b</div>",
            ),
        ] {
            assert_eq!(safe(given).html, kept);
        }
    }

    #[test]
    fn endless_nesting_is_shown_as_text() {
        let html = format!("{}deep", "<div>".repeat(500_000));
        assert_eq!(safe(&html).html, "deep");
    }

    #[test]
    fn what_would_grow_without_measure_is_shown_as_text() {
        let open: String = (0..100)
            .map(|number| format!("<b title={number}>"))
            .collect();
        let html = format!("<p>{open}{}", "<p>x".repeat(1_000));
        assert_eq!(safe(&html).html, "x".repeat(1_000));
    }
}
