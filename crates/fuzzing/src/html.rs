//! HTML is safe to show once it was cleaned, and says the same when it is cleaned again.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use mainstay_channels::mail::html::{RemoteImages, sanitise, to_text};
use mainstay_channels::mail::reply;

/// Any text taken for the HTML of a mail.
///
/// # Panics
/// When it is not safe to show after cleaning, says something else when it is cleaned again, or grows beyond measure.
pub fn html(data: &[u8]) {
    let source = String::from_utf8_lossy(data);
    let withheld = sanitise(&source, RemoteImages::Withhold, &|_| None);
    check_safe(&withheld.html, RemoteImages::Withhold);
    check_size(&source, &withheld.html);
    let shown = sanitise(&source, RemoteImages::Show, &|_| None);
    check_safe(&shown.html, RemoteImages::Show);
    assert_eq!(
        shown.withheld_images, 0,
        "an image was withheld that was to be shown"
    );
    let again = sanitise(&shown.html, RemoteImages::Show, &|_| None);
    check_safe(&again.html, RemoteImages::Show);
    // Elements may be nested otherwise, as parsers of HTML do with elements that overlap.
    assert_eq!(
        letters(&again.html),
        letters(&shown.html),
        "cleaning what is clean changes it\n{source}"
    );
    check_size(&source, &to_text(&source));
    let stripped = reply::strip_html(&source);
    check_size(&source, &stripped.reply);
    check_size(&source, &stripped.removed);
}

/// How many times as long as the source something made of it may be. A link of seven bytes becomes one of about seventy;
/// a line within quotations gets twenty marks.
const MOST_GROWTH: usize = 40;

/// And by so many bytes more: what is short may become longer, as the parser of pages allows it too.
const GROWS_ANYWAY: usize = 10_000;

fn check_size(source: &str, made: &str) {
    assert!(
        made.len() <= MOST_GROWTH * source.len() + GROWS_ANYWAY,
        "{} bytes became {}",
        source.len(),
        made.len()
    );
}

/// Refuses every element, attribute and address that could run, load or send something.
///
/// The tokenizer is enough: no element whose content is read by other rules is let through.
pub(crate) fn check_safe(html: &str, remote_images: RemoteImages) {
    let sink = Checked {
        remote_images,
        faults: RefCell::default(),
        text: RefCell::default(),
    };
    let checked = tokenize(sink, html);
    let faults = checked.faults.borrow();
    assert!(faults.is_empty(), "{faults:?} in {html}");
}

/// The text of HTML without its blanks.
fn letters(html: &str) -> String {
    let sink = Checked {
        remote_images: RemoteImages::Show,
        faults: RefCell::default(),
        text: RefCell::default(),
    };
    let text = tokenize(sink, html).text.into_inner();
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn tokenize(sink: Checked, html: &str) -> Checked {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink
}

struct Checked {
    remote_images: RemoteImages,
    faults: RefCell<Vec<String>>,
    text: RefCell<String>,
}

impl TokenSink for Checked {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => self.check_tag(&tag),
            Token::CharacterTokens(text) => self.text.borrow_mut().push_str(&text),
            Token::CommentToken(_) | Token::DoctypeToken(_) => self.refuse("a comment or doctype"),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Checked {
    fn refuse(&self, fault: impl Into<String>) {
        self.faults.borrow_mut().push(fault.into());
    }

    fn check_tag(&self, tag: &Tag) {
        const SAFE: &str = " a abbr acronym area article aside b bdi bdo blockquote br caption center cite code col \
            colgroup data dd del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr i \
            img ins kbd li map mark nav ol p pre q rp rt rtc ruby s samp small span strike strong sub summary sup table \
            tbody td th thead time tr tt u ul var wbr tfoot ";
        if !SAFE.contains(&format!(" {} ", tag.name)) {
            self.refuse(format!("<{}>", tag.name));
        }
        for attribute in &tag.attrs {
            self.check_attribute(&attribute.name.local, &attribute.value);
        }
    }

    fn check_attribute(&self, name: &str, value: &str) {
        const RUNNING: [&str; 6] = ["srcdoc", "srcset", "action", "formaction", "id", "class"];
        const SHOWN: [&str; 6] = [
            "color",
            "background-color",
            "font-weight",
            "font-style",
            "text-align",
            "text-decoration",
        ];
        if name.starts_with("on") || RUNNING.contains(&name) {
            self.refuse(format!("{name}={value}"));
        }
        if matches!(name, "href" | "src" | "cite" | "background" | "longdesc") {
            self.check_address(name, value);
        }
        if name == "style" {
            let other = value.split(';').find(|declaration| {
                let property = declaration.split(':').next().unwrap_or_default().trim();
                !property.is_empty() && !SHOWN.contains(&property)
            });
            if let Some(other) = other.or(value.contains("url(").then_some(value)) {
                self.refuse(format!("style {other}"));
            }
        }
    }

    fn check_address(&self, name: &str, value: &str) {
        // Browsers pass over controls and blanks before the address, tabs and line ends within, and take `\` for `/`.
        let address: String = value
            .trim_start_matches(|c: char| c <= ' ')
            .chars()
            .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
            .collect::<String>()
            .to_ascii_lowercase()
            .replace('\\', "/");
        let scheme = address.split(['/', '?', '#']).next().unwrap_or_default();
        let scheme = scheme.split_once(':').map(|(scheme, _)| scheme);
        let runs = ["javascript", "vbscript", "data", "file", "blob"];
        if scheme.is_some_and(|scheme| runs.contains(&scheme)) {
            self.refuse(format!("{name}={value}"));
        }
        let is_remote = matches!(scheme, Some("http" | "https")) || address.starts_with("//");
        let is_image = matches!(name, "src" | "background");
        if is_image && !is_remote && scheme != Some("cid") {
            self.refuse(format!("an image from nowhere: {value}"));
        }
        if is_image && is_remote && self.remote_images == RemoteImages::Withhold {
            self.refuse(format!("an image from elsewhere: {value}"));
        }
    }
}
