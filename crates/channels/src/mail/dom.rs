//! A tree of an HTML document, in one vector: no recursion, so that no depth of nesting can exhaust the stack.

mod parse;

use std::collections::HashSet;

use html5ever::interface::tree_builder::NodeOrText;
use html5ever::serialize::{HtmlSerializer, SerializeOpts, Serializer};
use html5ever::{Attribute, LocalName, QualName};

/// A node's place in its [`Dom`].
pub type NodeId = usize;

/// The most bytes that may have to be searched for characters to escape. After each that it escapes, the serialiser
/// searches the whole rest of the value, so that its work grows with the square.
pub const MOST_ESCAPING: usize = 1 << 29;

/// As much text as is escaped, or parsed, in one go, for the same reason.
const AT_ONCE: usize = 1_024;

/// What a node is.
#[derive(Debug)]
pub enum Content {
    Document,
    Doctype(String),
    Text(String),
    Comment(String),
    Element {
        name: QualName,
        attributes: Vec<Attribute>,
    },
}

/// A node and its place in the tree.
#[derive(Debug)]
pub struct Node {
    pub content: Content,
    pub parent: Option<NodeId>,
    pub children: Vec<NodeId>,
}

/// An HTML document.
#[derive(Debug)]
pub struct Dom {
    nodes: Vec<Node>,
}

/// The way through a document: into an element and out of it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Enter(NodeId),
    Leave(NodeId),
}

impl Dom {
    /// The node at `id`.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The attributes of the element at `id`, to be changed.
    pub fn attributes_mut(&mut self, id: NodeId) -> Option<&mut Vec<Attribute>> {
        match &mut self.nodes[id].content {
            Content::Element { attributes, .. } => Some(attributes),
            _ => None,
        }
    }

    /// Makes the element at `id` another one, which keeps its attributes and what is in it.
    pub fn rename(&mut self, id: NodeId, tag: LocalName) {
        if let Content::Element { name, .. } = &mut self.nodes[id].content {
            name.local = tag;
        }
    }

    /// The tag of the element at `id` in lower case; empty for what is no element.
    pub fn tag(&self, id: NodeId) -> &str {
        match &self.nodes[id].content {
            Content::Element { name, .. } => &name.local,
            _ => "",
        }
    }

    /// The attribute `name` of the element at `id`.
    pub fn attribute(&self, id: NodeId, name: &str) -> Option<&str> {
        match &self.nodes[id].content {
            Content::Element { attributes, .. } => attributes
                .iter()
                .find(|attribute| &*attribute.name.local == name)
                .map(|attribute| &*attribute.value),
            _ => None,
        }
    }

    /// All nodes below the document in document order, each element entered and left.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::with_capacity(self.nodes.len() * 2);
        let mut open: Vec<Step> = self.nodes[0]
            .children
            .iter()
            .rev()
            .map(|id| Step::Enter(*id))
            .collect();
        while let Some(step) = open.pop() {
            steps.push(step);
            if let Step::Enter(id) = step {
                open.push(Step::Leave(id));
                open.extend(
                    self.nodes[id]
                        .children
                        .iter()
                        .rev()
                        .map(|child| Step::Enter(*child)),
                );
            }
        }
        steps
    }

    /// The nodes from `id` up to the document.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.nodes[id].parent, |id| self.nodes[*id].parent)
    }

    /// Takes the node at `id` out of the tree.
    pub fn detach(&mut self, id: NodeId) {
        if let Some(parent) = self.nodes[id].parent.take() {
            let index = self.index_in(parent, id);
            self.nodes[parent].children.remove(index);
        }
    }

    /// Takes all `nodes` out of the tree, and gives the nodes that held them.
    pub fn detach_all(&mut self, nodes: &HashSet<NodeId>) -> HashSet<NodeId> {
        let parents: HashSet<NodeId> = nodes
            .iter()
            .filter_map(|id| self.nodes[*id].parent.take())
            .collect();
        for parent in &parents {
            self.nodes[*parent]
                .children
                .retain(|child| !nodes.contains(child));
        }
        parents
    }

    /// Takes the node at `id` and everything after it out of the tree.
    pub fn detach_from(&mut self, id: NodeId) {
        let mut current = id;
        while let Some(parent) = self.nodes[current].parent {
            let index = self.index_in(parent, current);
            for sibling in self.nodes[parent].children.split_off(index + 1) {
                self.nodes[sibling].parent = None;
            }
            current = parent;
        }
        self.detach(id);
    }

    /// The document as HTML.
    pub fn to_html(&self) -> String {
        let mut serializer = HtmlSerializer::new(
            Vec::new(),
            SerializeOpts {
                create_missing_parent: true,
                ..SerializeOpts::default()
            },
        );
        for step in self.steps() {
            // Writing to a vector cannot fail.
            let _ = self.serialize_step(step, &mut serializer);
        }
        String::from_utf8_lossy(&serializer.writer).into_owned()
    }

    fn serialize_step(
        &self,
        step: Step,
        serializer: &mut HtmlSerializer<Vec<u8>>,
    ) -> std::io::Result<()> {
        match (step, &self.nodes[step.id()].content) {
            (Step::Enter(_), Content::Element { name, attributes }) => serializer.start_elem(
                name.clone(),
                attributes
                    .iter()
                    .map(|attribute| (&attribute.name, &attribute.value[..])),
            ),
            (Step::Leave(_), Content::Element { name, .. }) => serializer.end_elem(name.clone()),
            (Step::Enter(_), Content::Text(text)) => {
                pieces(text).try_for_each(|piece| serializer.write_text(piece))
            }
            (Step::Enter(_), Content::Comment(text)) => serializer.write_comment(text),
            (Step::Enter(_), Content::Doctype(name)) => serializer.write_doctype(name),
            _ => Ok(()),
        }
    }

    /// Where `child` stands among the children of `parent`. The parser works at the end of the document, so the search
    /// begins there.
    fn index_in(&self, parent: NodeId, child: NodeId) -> usize {
        self.nodes[parent]
            .children
            .iter()
            .rposition(|id| *id == child)
            .unwrap_or(0)
    }

    fn add(&mut self, content: Content) -> NodeId {
        self.nodes.push(Node {
            content,
            parent: None,
            children: Vec::new(),
        });
        self.nodes.len() - 1
    }

    fn insert(&mut self, parent: NodeId, index: usize, child: NodeOrText<NodeId>) {
        match child {
            NodeOrText::AppendNode(id) => {
                self.detach(id);
                let index = index.min(self.nodes[parent].children.len());
                self.nodes[parent].children.insert(index, id);
                self.nodes[id].parent = Some(parent);
            }
            NodeOrText::AppendText(text) => {
                let before = index
                    .checked_sub(1)
                    .and_then(|i| self.nodes[parent].children.get(i))
                    .copied();
                if let Some(before) = before
                    && let Content::Text(known) = &mut self.nodes[before].content
                {
                    known.push_str(&text);
                    return;
                }
                let id = self.add(Content::Text(text.to_string()));
                self.nodes[parent].children.insert(index, id);
                self.nodes[id].parent = Some(parent);
            }
        }
    }
}

impl Step {
    /// The node the step is at.
    pub fn id(self) -> NodeId {
        match self {
            Self::Enter(id) | Self::Leave(id) => id,
        }
    }
}

/// How many bytes are searched to escape `text` in one go.
pub fn escaping(text: &str) -> usize {
    let escaped = |byte: &u8| matches!(byte, b'&' | 0xc2);
    text.len() * text.bytes().filter(escaped).count()
}

/// The text in pieces that are escaped, or parsed, in one go each.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut end = rest.len().min(AT_ONCE);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}
