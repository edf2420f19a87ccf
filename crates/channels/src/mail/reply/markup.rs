//! HTML: the visible reply and what was removed from it.

use std::collections::HashSet;

use super::super::dom::{Content, Dom, NodeId, Step};
use super::super::html::{self, Line};
use super::{Reply, marker, words};

/// Strips quotations and forwarded mail from HTML. What would leave nothing is left as it is.
pub fn strip_html(source: &str) -> Reply {
    let unchanged = || Reply {
        reply: source.to_owned(),
        removed: String::new(),
    };
    let Some(mut dom) = Dom::parse(source) else {
        return unchanged();
    };
    let before = visible_text(&dom);
    let Some(cut) = cut(&dom) else {
        return unchanged();
    };
    cut.apply(&mut dom);
    let after = visible_text(&dom);
    if after.is_empty() || after == before {
        return unchanged();
    }
    let kept: HashSet<&str> = after.lines().collect();
    let removed: Vec<&str> = before.lines().filter(|line| !kept.contains(line)).collect();
    Reply {
        reply: dom.to_html(),
        removed: removed.join("\n"),
    }
}

#[derive(Debug, Clone)]
enum Cut {
    /// These nodes, and what contains nothing else.
    Nodes(HashSet<NodeId>),
    /// This node and all that follows it.
    From(NodeId),
}

impl Cut {
    fn apply(self, dom: &mut Dom) {
        match self {
            Self::Nodes(nodes) => {
                for parent in dom.detach_all(&nodes) {
                    prune(dom, Some(parent));
                }
            }
            Self::From(id) => {
                let rule = rule_before(dom, id);
                let parent = dom.node(id).parent;
                dom.detach_from(id);
                if let Some(rule) = rule {
                    dom.detach(rule);
                }
                prune(dom, parent);
            }
        }
    }
}

fn visible_text(dom: &Dom) -> String {
    let texts: Vec<String> = html::lines(dom)
        .into_iter()
        .map(|line| line.text.trim().to_owned())
        .collect();
    texts.join("\n").trim().to_owned()
}

/// What to cut: the mail program's own quotation element when it has one, else from the marker on.
fn cut(dom: &Dom) -> Option<Cut> {
    let (containers, separator) = containers_and_separator(dom);
    if let Some(separator) = separator {
        return Some(Cut::From(outermost_start(dom, separator)));
    }
    let lines = html::lines(dom);
    match marker_cut(dom, &lines, &containers) {
        Some(Cut::Nodes(nodes)) => Some(Cut::Nodes(nodes.into_iter().chain(containers).collect())),
        Some(from) => Some(from),
        None if containers.is_empty() => {
            trailing_quotation(dom, &lines).map(|id| Cut::Nodes(HashSet::from([id])))
        }
        None => Some(Cut::Nodes(containers)),
    }
}

/// The outermost elements in which mail programs put the whole of a quoted message, its first line taken in; and the
/// element with which one separates the reply from what follows to the end, when it comes before them.
fn containers_and_separator(dom: &Dom) -> (HashSet<NodeId>, Option<NodeId>) {
    let mut found = HashSet::new();
    let mut inside: Option<NodeId> = None;
    for step in dom.steps() {
        match step {
            Step::Enter(id) if inside.is_none() && found.is_empty() && is_separator(dom, id) => {
                return (found, Some(id));
            }
            Step::Enter(id) if inside.is_none() && is_container(dom, id) => {
                inside = Some(id);
                found.insert(id);
            }
            Step::Leave(id) if inside == Some(id) => inside = None,
            _ => {}
        }
    }
    (found, None)
}

fn is_container(dom: &Dom, id: NodeId) -> bool {
    const CLASSES: [&str; 19] = [
        "gmail_quote",
        "gmail_quote_container",
        "yahoo_quoted",
        "protonmail_quote",
        "tutanota_quote",
        "zmail_extra",
        "moz-cite-prefix",
        "quote-container",
        "sparrow_quote",
        "mailru-blockquote",
        "ms-outlook-mobile-reference-message",
        "front-blockquote",
        "freshdesk_quote",
        "zd_quote",
        "hs_reply_quote",
        "skiff_quote",
        "superhuman_quote",
        "mailbird_quote",
        "OutlookMessageHeader",
    ];
    const IDS: [&str; 10] = [
        "OLK_SRC_BODY_SECTION",
        "yahoo_quoted",
        "mail-editor-reference-message-container",
        "isReplyContent",
        "isForwardContent",
        "ms-outlook-mobile-reference-message",
        "qt",
        "zmail_extra",
        "x_yahoo_quoted",
        "polymail_quote",
    ];
    let class = dom.attribute(id, "class").unwrap_or_default();
    let has_class = class.split_ascii_whitespace().any(|name| {
        let name = name.strip_prefix("ecx").unwrap_or(name);
        CLASSES.contains(&name)
    });
    let has_id = dom
        .attribute(id, "id")
        .is_some_and(|name| IDS.contains(&name) || name.starts_with("yahoo_quoted"));
    let cited = dom.tag(id) == "blockquote" && dom.attribute(id, "type") == Some("cite");
    (has_class || has_id || cited) && !is_forward(dom, id)
}

/// A forwarded message stands in the same element as a quoted one, but it is what the writer wants to show.
fn is_forward(dom: &Dom, id: NodeId) -> bool {
    first_text(dom, id).is_some_and(|text| is_forward_title(text.trim()))
}

fn is_forward_title(text: &str) -> bool {
    words::forwarded_message(text)
        || (words::original_message(text) && words::forwarded_title(text))
}

fn first_text(dom: &Dom, id: NodeId) -> Option<String> {
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        if let Content::Text(text) = &dom.node(id).content
            && !text.trim().is_empty()
        {
            return Some(text.clone());
        }
        open.extend(dom.node(id).children.iter().rev());
    }
    None
}

fn is_separator(dom: &Dom, id: NodeId) -> bool {
    const IDS: [&str; 7] = [
        "stopSpelling",
        "divRplyFwdMsg",
        "appendonsend",
        "zwchr",
        "reply-intro",
        "divTaggedContent",
        "replySplit",
    ];
    if dom
        .attribute(id, "id")
        .is_some_and(|name| IDS.contains(&name) || IDS.contains(&name.trim_start_matches("x_")))
    {
        return true;
    }
    if dom.attribute(id, "data-marker") == Some("__DIVIDER__") {
        return true;
    }
    let style = dom
        .attribute(id, "style")
        .unwrap_or_default()
        .to_ascii_lowercase()
        .replace([' ', '\n', '\r'], "");
    // Outlook draws a line of this colour above the headers of the quoted message; its mail for Windows another.
    let outlook = ["#b5c4df", "#e1e1e1"].iter().any(|colour| {
        style.contains(&format!("border-top:solid{colour}1"))
            || style.contains(&format!("border-top:{colour}1"))
    });
    let windows_mail = style.contains("border-top-color:rgb(229,229,229)")
        && style.contains("border-top-style:solid");
    dom.tag(id) == "div" && (outlook || windows_mail)
}

/// The outermost element that begins with the node: an empty shell around a quotation goes with it.
fn outermost_start(dom: &Dom, id: NodeId) -> NodeId {
    let mut start = id;
    for ancestor in dom.ancestors(id) {
        let first = dom
            .node(ancestor)
            .children
            .iter()
            .find(|child| !is_blank(dom, **child));
        if first != Some(&start) || matches!(dom.tag(ancestor), "body" | "html" | "") {
            break;
        }
        start = ancestor;
    }
    start
}

fn is_blank(dom: &Dom, id: NodeId) -> bool {
    match &dom.node(id).content {
        Content::Text(text) => text.trim().is_empty(),
        Content::Comment(_) => true,
        _ => false,
    }
}

/// The first "On … wrote:" or block of headers outside the containers.
fn marker_cut(dom: &Dom, lines: &[Line], containers: &HashSet<NodeId>) -> Option<Cut> {
    let texts: Vec<&str> = lines.iter().map(|line| line.text.trim()).collect();
    let outside = |line: &Line| {
        line.nodes
            .first()
            .is_some_and(|node| !dom.ancestors(*node).any(|id| containers.contains(&id)))
    };
    for (index, line) in lines.iter().enumerate() {
        if line.quotes > 0 || !outside(line) {
            continue;
        }
        let headers = match marker::header_block_length(&texts[index..]) {
            0 => usize::from(marker::is_inline_header_block(texts[index])),
            headers => headers,
        };
        let length = if headers > 0 {
            0
        } else if marker::is_title(&texts[index..]) {
            1
        } else {
            marker::marker_length(&texts[index..])
        };
        if headers == 0 && length == 0 {
            continue;
        }
        if headers == 0 && is_forward_title(texts[index]) {
            // The forwarded message is what the writer wants to show.
            return None;
        }
        let first = line.nodes.first().copied()?;
        if headers > 0 {
            return Some(Cut::From(first));
        }
        return Some(
            match quotation_after(dom, lines, index + length, containers) {
                Some(quotation) => {
                    let mut nodes: HashSet<NodeId> = lines[index..index + length]
                        .iter()
                        .flat_map(|line| line.nodes.clone())
                        .collect();
                    nodes.insert(quotation);
                    Cut::Nodes(nodes)
                }
                None => Cut::From(first),
            },
        );
    }
    None
}

/// The quotation element that begins with the next line that is not empty.
fn quotation_after(
    dom: &Dom,
    lines: &[Line],
    from: usize,
    containers: &HashSet<NodeId>,
) -> Option<NodeId> {
    let next = lines
        .get(from..)?
        .iter()
        .find(|line| !line.nodes.is_empty())?;
    let node = *next.nodes.first()?;
    dom.ancestors(node)
        .filter(|id| dom.tag(*id) == "blockquote" || containers.contains(id))
        .last()
}

/// The last quotation of a message without markers, when nothing follows it.
fn trailing_quotation(dom: &Dom, lines: &[Line]) -> Option<NodeId> {
    let last = lines.iter().rev().find(|line| !line.nodes.is_empty())?;
    let node = *last.nodes.first()?;
    dom.ancestors(node)
        .filter(|id| dom.tag(*id) == "blockquote")
        .last()
}

/// The horizontal rule directly before the node, which belongs to the quotation.
fn rule_before(dom: &Dom, id: NodeId) -> Option<NodeId> {
    let parent = dom.node(id).parent?;
    let siblings = &dom.node(parent).children;
    let index = siblings.iter().position(|child| *child == id)?;
    let before = siblings[..index]
        .iter()
        .rev()
        .find(|child| !is_blank(dom, **child))?;
    (dom.tag(*before) == "hr").then_some(*before)
}

/// Removes elements that have become empty, from `id` upwards.
fn prune(dom: &mut Dom, mut id: Option<NodeId>) {
    while let Some(current) = id {
        let is_shell = matches!(dom.tag(current), "body" | "html" | "");
        let is_empty = dom
            .node(current)
            .children
            .iter()
            .all(|child| is_blank(dom, *child));
        if is_shell || !is_empty {
            return;
        }
        id = dom.node(current).parent;
        dom.detach(current);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &str) {
        assert_eq!(
            html::to_text(&strip_html(source).reply),
            expected,
            "{source}"
        );
    }

    #[test]
    fn knows_the_quotations_of_mail_programs() {
        let quotations = [
            "<div class=\"gmail_quote\">On 5 Jan 2016, Eva wrote:<blockquote>It burns.</blockquote></div>",
            "<div class=\"moz-cite-prefix\">On 5.1.2016 10:42, Eva wrote:<br></div><blockquote type=\"cite\">It burns.</blockquote>",
            "<div id=\"yahoo_quoted_1\" class=\"yahoo_quoted\"><div>On 5 Jan, Eva wrote:</div>It burns.</div>",
            "<hr id=\"stopSpelling\">From: Eva<br>It burns.",
            "<div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\"><b>From:</b> Eva</div><div>It burns.</div>",
            "<div><div style=\"border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt\"><p><b>From:</b> Eva</p></div></div><p>It burns.</p>",
            "<div><b>Von:</b> Eva<br><b>Gesendet:</b> 5. Januar 2016<br><b>An:</b> Tim<br></div><div>It burns.</div>",
            "<span id=\"OLK_SRC_BODY_SECTION\"><div>From: Eva</div>It burns.</span>",
            "<div>Le 5 janv. 2016 à 10:42, Eva &lt;eva@example.com&gt; a écrit :</div><div>It burns.</div>",
            "<blockquote>It burns.</blockquote>",
        ];
        for quotation in quotations {
            check(
                &format!("<html><body><div>Yes.</div>{quotation}</body></html>"),
                "Yes.",
            );
        }
    }

    #[test]
    fn keeps_what_stands_below_a_quotation() {
        check(
            "<p>On 5 Jan 2016, Eva &lt;eva@example.com&gt; wrote:</p><blockquote>It burns.</blockquote><p>Yes.</p>",
            "Yes.",
        );
    }

    #[test]
    fn leaves_what_has_no_reply_or_no_quotation() {
        for source in [
            "<p>Yes.</p>",
            "",
            "<blockquote>It burns.</blockquote>",
            "<div>See this</div><div class=\"gmail_quote\">---------- Forwarded message ---------<br>From: Eva &lt;eva@example.com&gt;<br>Date: 5 Jan 2016<br>It burns.</div>",
        ] {
            assert_eq!(strip_html(source).reply, source);
        }
    }
}
