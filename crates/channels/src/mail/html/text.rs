//! The text of HTML, line by line as a reader sees it.

use super::super::dom::{Content, Dom, NodeId, Step};

/// The text of HTML: blocks on lines of their own, list items marked, quotations with `>`.
pub fn to_text(html: &str) -> String {
    let Some(dom) = Dom::parse(html) else {
        return strip_tags(html);
    };
    let mut text = String::new();
    let mut empty = 0;
    for line in lines(&dom) {
        let content = line.text.trim_end();
        empty = if content.is_empty() { empty + 1 } else { 0 };
        if empty > 1 {
            continue;
        }
        if line.quotes > 0 {
            text.extend(std::iter::repeat_n('>', line.quotes.min(20)));
            text.push(' ');
        }
        text.push_str(content);
        text.push('\n');
    }
    text.trim().to_owned()
}

/// A line of text as a reader sees it.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// The text, white space collapsed.
    pub text: String,
    /// The text nodes it comes from.
    pub nodes: Vec<NodeId>,
    /// In how many quotations it stands.
    pub quotes: usize,
}

/// The lines of a document as a reader sees them, empty ones taken in.
pub fn lines(dom: &Dom) -> Vec<Line> {
    let mut layout = Layout::default();
    let mut skipped: Option<NodeId> = None;
    for step in dom.steps() {
        match (step, skipped) {
            (Step::Leave(id), Some(outer)) if id == outer => skipped = None,
            (_, Some(_)) => {}
            (Step::Enter(id), None) => {
                if is_unseen(dom.tag(id)) || is_hidden(dom, id) {
                    skipped = Some(id);
                } else {
                    layout.enter(dom, id);
                }
            }
            (Step::Leave(id), None) => layout.leave(dom, id),
        }
    }
    layout.finish()
}

#[derive(Default)]
struct Layout {
    lines: Vec<Line>,
    current: Line,
    quotes: usize,
    preformatted: usize,
}

impl Layout {
    fn enter(&mut self, dom: &Dom, id: NodeId) {
        let tag = dom.tag(id);
        match &dom.node(id).content {
            Content::Text(text) if self.preformatted > 0 => self.push_preformatted(text, id),
            Content::Text(text) => self.push_text(text, id),
            _ if tag == "br" => self.end_line(),
            _ if tag == "img" => {
                if let Some(alt) = dom
                    .attribute(id, "alt")
                    .filter(|alt| !alt.trim().is_empty())
                {
                    self.push_text(&format!("[image: {}]", alt.trim()), id);
                }
            }
            _ if is_block(tag) => {
                self.start_block();
                self.quotes += usize::from(tag == "blockquote");
                self.preformatted += usize::from(tag == "pre");
                if tag == "li" {
                    self.current.text.push_str("- ");
                }
            }
            _ if matches!(tag, "td" | "th") => self.push_text(" ", id),
            _ => {}
        }
    }

    fn leave(&mut self, dom: &Dom, id: NodeId) {
        let tag = dom.tag(id);
        if is_block(tag) {
            self.start_block();
            self.quotes -= usize::from(tag == "blockquote");
            self.preformatted -= usize::from(tag == "pre");
            if matches!(tag, "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6") {
                self.lines.push(Line {
                    quotes: self.quotes,
                    ..Line::default()
                });
            }
        }
    }

    fn push_text(&mut self, text: &str, id: NodeId) {
        let starts_blank = text.starts_with(char::is_whitespace);
        for (index, word) in text.split_ascii_whitespace().enumerate() {
            let line = &mut self.current.text;
            if !line.is_empty() && !line.ends_with(' ') && (index > 0 || starts_blank) {
                line.push(' ');
            }
            line.push_str(word);
        }
        let line = &mut self.current.text;
        if text.ends_with(|c: char| c.is_ascii_whitespace())
            && !line.is_empty()
            && !line.ends_with(' ')
        {
            line.push(' ');
        }
        if !text.trim().is_empty() {
            self.current.nodes.push(id);
        }
    }

    fn push_preformatted(&mut self, text: &str, id: NodeId) {
        for (index, piece) in text.split('\n').enumerate() {
            if index > 0 {
                self.end_line();
            }
            self.current.text.push_str(piece);
            if !piece.trim().is_empty() {
                self.current.nodes.push(id);
            }
        }
    }

    fn start_block(&mut self) {
        if !self.current.text.trim().is_empty() {
            self.end_line();
        }
        self.current = Line::default();
    }

    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.current);
        line.quotes = self.quotes;
        self.lines.push(line);
    }

    fn finish(mut self) -> Vec<Line> {
        self.start_block();
        self.lines
    }
}

fn is_unseen(tag: &str) -> bool {
    matches!(
        tag,
        "head" | "style" | "script" | "title" | "template" | "noscript" | "iframe" | "object"
    )
}

/// Newsletters and ticket systems hide the words that a list of messages shows beside the subject.
fn is_hidden(dom: &Dom, id: NodeId) -> bool {
    dom.attribute(id, "hidden").is_some()
        || dom.attribute(id, "style").is_some_and(|style| {
            style.split(';').any(|declaration| {
                declaration.split_once(':').is_some_and(|(name, value)| {
                    name.trim().eq_ignore_ascii_case("display")
                        && value.trim().to_ascii_lowercase().starts_with("none")
                })
            })
        })
}

fn is_block(tag: &str) -> bool {
    matches!(
        tag,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "center"
            | "dd"
            | "details"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hr"
            | "html"
            | "li"
            | "main"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "table"
            | "tbody"
            | "tr"
            | "ul"
    )
}

/// Text without anything between angle brackets, for HTML that no one could have written by hand.
pub(super) fn strip_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len() / 4);
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_like_the_page() {
        let html = "<html><head><style>p{}</style><title>t</title></head><body><p>Hello&nbsp;<b>Eva</b>,</p>\n<div>one<br>two</div><ul><li>a<li>b</ul><blockquote>old<br>words</blockquote><pre>x  y\nz</pre></body></html>";
        insta::assert_snapshot!(to_text(html).replace('\u{a0}', " "), @r"
        Hello Eva,

        one
        two
        - a
        - b
        > old
        > words
        x  y
        z
        ");
    }

    #[test]
    fn what_is_hidden_is_not_read() {
        assert_eq!(
            to_text(
                "<div style=\"max-height:0; DISPLAY: none !important\">preview</div><p hidden>x</p><p>Hello</p>"
            ),
            "Hello"
        );
    }

    #[test]
    fn endless_nesting_costs_no_more_than_its_text() {
        let html = format!("{}deep", "<div>".repeat(500_000));
        assert_eq!(to_text(&html), "deep");
        let bold = "<b><i>".repeat(1_000) + "x";
        assert_eq!(to_text(&bold), "x");
    }
}
