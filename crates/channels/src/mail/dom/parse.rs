//! How a document becomes a tree: what is not parsed at all, and the tree as the parser builds it.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};

use html5ever::interface::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, QualName, parse_document};

use super::{Content, Dom, MOST_ESCAPING, Node, NodeId, escaping, pieces};

/// The deepest nesting that is parsed: the parser's work grows with the square of it.
const DEEPEST: usize = 500;

/// The most attributes of an element that are parsed: the parser compares each with all before it.
const MOST_ATTRIBUTES: usize = 200;

/// How many times as long as the source its elements may become. A parser opens what was left open in one paragraph anew in
/// each that follows, so that a hundred tags and a thousand paragraphs make a hundred thousand elements.
const MOST_GROWTH: usize = 8;

/// The elements that a parser opens anew where they were left open (HTML, 13.2.4.3).
const FORMATTING: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];

/// So many elements that are opened anew are parsed at a bearable cost.
const REOPENED_ANYWAY: usize = 50_000;

impl Dom {
    /// Parses `html`; none when it is nested deeper, has more attributes, or would become longer than a message needs.
    pub fn parse(html: &str) -> Option<Self> {
        if is_unbearable(html) {
            return None;
        }
        let most = MOST_GROWTH * html.len() + 10_000;
        let mut parser = parse_document(Sink::default(), Default::default());
        for piece in pieces(html) {
            parser.process(StrTendril::from(piece));
            if parser.tokenizer.sink.sink.written.get() > most {
                return None;
            }
        }
        let dom: Self = parser.finish();
        (dom.attribute_escaping() <= MOST_ESCAPING).then_some(dom)
    }

    /// Whether another parser may be given `html`, which is this document written out: it would be parsed, as by [`Dom::parse`].
    pub fn is_parsed_again(&self, html: &str) -> bool {
        match self.most_reopened() > REOPENED_ANYWAY {
            true => Self::parse(html).is_some(),
            false => !is_unbearable(html),
        }
    }

    /// How many elements a parser may add at most to this document written out: each node may open all formatting elements anew.
    fn most_reopened(&self) -> usize {
        let is_formatting = |node: &Node| match &node.content {
            Content::Element { name, .. } => FORMATTING.contains(&&*name.local),
            _ => false,
        };
        let formatting = self.nodes.iter().filter(|node| is_formatting(node)).count();
        formatting.saturating_mul(self.nodes.len())
    }

    /// How many bytes are searched to escape the values of all attributes.
    fn attribute_escaping(&self) -> usize {
        let of_node = |node: &Node| match &node.content {
            Content::Element { attributes, .. } => attributes
                .iter()
                .map(|attribute| escaping(&attribute.value))
                .sum(),
            _ => 0,
        };
        self.nodes.iter().map(of_node).sum()
    }
}

/// Whether it is nested too deep, or a tag has too many attributes.
fn is_unbearable(html: &str) -> bool {
    nesting(html) > DEEPEST || attributes(html) > MOST_ATTRIBUTES
}

/// The most attributes that a tag may have, judged without parsing the document: runs of blanks outside quotation marks.
fn attributes(html: &str) -> usize {
    let mut most = 0;
    let mut count = 0;
    let mut in_tag = false;
    let mut quote: Option<u8> = None;
    let mut before = b' ';
    for &byte in html.as_bytes() {
        match (in_tag, quote, byte) {
            (false, _, _) if before == b'<' && byte.is_ascii_alphabetic() => {
                in_tag = true;
                count = 0;
            }
            (true, Some(open), _) if byte == open => quote = None,
            // Only a value may be quoted.
            (true, None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
            (true, None, b'>') => in_tag = false,
            (true, None, _) => {
                let parts = |byte: u8| byte.is_ascii_whitespace() || byte == b'/';
                count += usize::from(!parts(byte) && parts(before));
                most = most.max(count);
            }
            _ => {}
        }
        // Blanks may stand between the equals sign and the value.
        if !(byte.is_ascii_whitespace() && before == b'=') {
            before = byte;
        }
    }
    most
}

/// How deep the tags of a document may be nested, judged without parsing it.
fn nesting(html: &str) -> usize {
    const NEVER_NESTED: [&str; 22] = [
        "br", "img", "hr", "meta", "link", "input", "p", "li", "td", "tr", "th", "option", "col",
        "wbr", "area", "source", "param", "embed", "track", "dd", "dt", "base",
    ];
    let mut depth = 0_usize;
    let mut deepest = 0_usize;
    for (index, _) in html.match_indices('<') {
        let rest = &html.as_bytes()[index + 1..];
        if rest.first() == Some(&b'/') {
            depth = depth.saturating_sub(1);
        } else if rest.first().is_some_and(u8::is_ascii_alphabetic) {
            let length = rest
                .iter()
                .take(8)
                .take_while(|byte| byte.is_ascii_alphanumeric())
                .count();
            let name = String::from_utf8_lossy(&rest[..length]).to_ascii_lowercase();
            depth += usize::from(!NEVER_NESTED.contains(&name.as_str()));
            deepest = deepest.max(depth);
        }
    }
    deepest
}

struct Sink {
    dom: RefCell<Dom>,
    /// How many bytes the elements so far take as HTML, without what they hold.
    written: Cell<usize>,
}

impl Default for Sink {
    fn default() -> Self {
        let mut dom = Dom { nodes: Vec::new() };
        dom.add(Content::Document);
        Self {
            dom: RefCell::new(dom),
            written: Cell::new(0),
        }
    }
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = Dom;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Dom {
        self.dom.into_inner()
    }

    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        0
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        Ref::map(self.dom.borrow(), |dom| match &dom.nodes[*target].content {
            Content::Element { name, .. } => name,
            content => unreachable!(
                "the tree builder asks for the names of elements only, not of {content:?}"
            ),
        })
    }

    fn create_element(
        &self,
        name: QualName,
        attributes: Vec<Attribute>,
        _flags: ElementFlags,
    ) -> NodeId {
        let within: usize = attributes
            .iter()
            .map(|attribute| attribute.name.local.len() + attribute.value.len() + 4)
            .sum();
        let tags = 2 * name.local.len() + 5;
        self.written.set(self.written.get() + tags + within);
        self.dom
            .borrow_mut()
            .add(Content::Element { name, attributes })
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.dom
            .borrow_mut()
            .add(Content::Comment(text.to_string()))
    }

    fn create_pi(&self, _target: StrTendril, data: StrTendril) -> NodeId {
        self.dom
            .borrow_mut()
            .add(Content::Comment(data.to_string()))
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        let mut dom = self.dom.borrow_mut();
        let index = dom.nodes[*parent].children.len();
        dom.insert(*parent, index, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &NodeId,
        previous: &NodeId,
        child: NodeOrText<NodeId>,
    ) {
        let has_parent = self.dom.borrow().nodes[*element].parent.is_some();
        if has_parent {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(
        &self,
        name: StrTendril,
        _public: StrTendril,
        _system: StrTendril,
    ) {
        let mut dom = self.dom.borrow_mut();
        let id = dom.add(Content::Doctype(name.to_string()));
        let index = dom.nodes[0].children.len();
        dom.insert(0, index, NodeOrText::AppendNode(id));
    }

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        *target
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, _mode: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        let mut dom = self.dom.borrow_mut();
        if let NodeOrText::AppendNode(id) = &child {
            dom.detach(*id);
        }
        if let Some(parent) = dom.nodes[*sibling].parent {
            let index = dom.index_in(parent, *sibling);
            dom.insert(parent, index, child);
        }
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attributes: Vec<Attribute>) {
        if let Some(known) = self.dom.borrow_mut().attributes_mut(*target) {
            for attribute in attributes {
                if known.iter().all(|other| other.name != attribute.name) {
                    known.push(attribute);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.dom.borrow_mut().detach(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        let mut dom = self.dom.borrow_mut();
        for child in std::mem::take(&mut dom.nodes[*node].children) {
            dom.nodes[child].parent = Some(*new_parent);
            dom.nodes[*new_parent].children.push(child);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_grow_or_is_too_deep_is_not_parsed_again() {
        let plain = Dom::parse("<p>a <b>word</b>").unwrap();
        assert!(plain.is_parsed_again(&plain.to_html()));
        assert!(!plain.is_parsed_again(&"<div>".repeat(DEEPEST + 1)));

        let emphatic = Dom::parse(&"<p><b>a</b></p>".repeat(200)).unwrap();
        assert!(emphatic.most_reopened() > REOPENED_ANYWAY);
        assert!(emphatic.is_parsed_again(&emphatic.to_html()));
        let left_open = (0..200).map(|size| format!("<font size={size}>"));
        let grows = format!(
            "<p>{}{}",
            left_open.collect::<String>(),
            "<p>a".repeat(2_000)
        );
        assert!(!emphatic.is_parsed_again(&grows));
    }
}
