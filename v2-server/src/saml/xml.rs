//! XML, read strictly.

use std::borrow::Cow;
use std::collections::HashSet;

use roxmltree::{Attribute, Document, Node, ParsingOptions};

/// Namespace of SAML messages.
pub(super) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Namespace of assertions.
pub(super) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Namespace of metadata.
pub(super) const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// Namespace of signatures.
pub(super) const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Most nodes of a message. Those of identity providers have a few hundred.
const MESSAGE_NODES: u32 = 10_000;
/// Most nodes of metadata. Whole federations have more; they are not for one identity provider.
const METADATA_NODES: u32 = 100_000;
/// Deepest nesting, so that no message can exhaust the stack.
const DEPTH: usize = 40;

/// Why a text cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum XmlError {
    /// It is no XML, or has a DTD.
    #[error("it is not XML that may be read: {0}")]
    Syntax(String),
    /// Elements lie too deep in each other.
    #[error("elements are nested deeper than {DEPTH}")]
    TooDeep,
    /// Comments and instructions let readers disagree about the text around them.
    #[error("it has a comment or a processing instruction")]
    NotPlain,
    /// Two elements have the same id.
    #[error("the id `{0}` is used twice")]
    TwoOfOneId(String),
    /// There must be one.
    #[error("there are {count} elements `{name}` in `{parent}`, expected one")]
    NotOne {
        /// Its name.
        name: &'static str,
        /// The element around it.
        parent: String,
        /// How many there are.
        count: usize,
    },
    /// An attribute must be there.
    #[error("`{element}` has no `{attribute}`")]
    NoAttribute {
        /// The element.
        element: String,
        /// The attribute.
        attribute: &'static str,
    },
    /// An element must hold a text and nothing else.
    #[error("`{0}` must hold a text and nothing else")]
    NoText(String),
}

/// The text with its line ends as XML wants them before anything else is read (section 2.11). roxmltree does it only
/// while it reads, and forgets a carriage return between a reference and a tag.
pub(super) fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Reads a message: no DTD, no comments, no instructions, every id once.
///
/// # Errors
/// It is not so.
pub(super) fn message(text: &str) -> Result<Document<'_>, XmlError> {
    let document = parse(text, MESSAGE_NODES)?;
    let mut ids = HashSet::new();
    for node in document.descendants() {
        if node.is_comment() || node.is_pi() {
            return Err(XmlError::NotPlain);
        }
        // Whatever a reader may take for an id.
        let own = node
            .attributes()
            .filter(|attribute| attribute.name().eq_ignore_ascii_case("id"));
        for id in own {
            if !ids.insert(id.value()) {
                return Err(XmlError::TwoOfOneId(id.value().to_owned()));
            }
        }
    }
    Ok(document)
}

/// Reads metadata: no DTD.
///
/// # Errors
/// It is not so.
pub(super) fn metadata(text: &str) -> Result<Document<'_>, XmlError> {
    parse(text, METADATA_NODES)
}

fn parse(text: &str, nodes_limit: u32) -> Result<Document<'_>, XmlError> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| XmlError::Syntax(error.to_string()))?;
    let mut depth = 0_usize;
    let mut node = document.root();
    // Down to the first child, else to the next sibling of the nearest ancestor that has one.
    loop {
        if let Some(child) = node.first_child() {
            depth += 1;
            node = child;
        } else {
            loop {
                if let Some(next) = node.next_sibling() {
                    node = next;
                    break;
                }
                let Some(parent) = node.parent() else {
                    return Ok(document);
                };
                depth -= 1;
                node = parent;
            }
        }
        if depth > DEPTH {
            return Err(XmlError::TooDeep);
        }
    }
}

/// What is asked of elements. Names always go with their namespace, and attributes with none: roxmltree by itself
/// takes a name without one for a name in any.
pub(super) trait Element<'a, 'input: 'a> {
    /// Whether it is this element.
    fn is(&self, namespace: &str, name: &str) -> bool;

    /// The children of this name.
    fn all(&self, namespace: &'static str, name: &'static str) -> Vec<Node<'a, 'input>>;

    /// The only child of this name, if there is one.
    fn at_most_one(
        &self,
        namespace: &'static str,
        name: &'static str,
    ) -> Result<Option<Node<'a, 'input>>, XmlError>;

    /// The only child of this name.
    fn one(
        &self,
        namespace: &'static str,
        name: &'static str,
    ) -> Result<Node<'a, 'input>, XmlError>;

    /// An attribute without namespace.
    fn plain(&self, name: &str) -> Option<&'a str>;

    /// An attribute without namespace that must be there.
    fn required(&self, name: &'static str) -> Result<&'a str, XmlError>;

    /// All its text, which must be all that is in it; without blanks around it.
    fn whole_text(&self) -> Result<String, XmlError>;
}

impl<'a, 'input: 'a> Element<'a, 'input> for Node<'a, 'input> {
    fn is(&self, namespace: &str, name: &str) -> bool {
        self.is_element()
            && self.tag_name().namespace() == Some(namespace)
            && self.tag_name().name() == name
    }

    fn all(&self, namespace: &'static str, name: &'static str) -> Vec<Node<'a, 'input>> {
        self.children()
            .filter(|child| child.is(namespace, name))
            .collect()
    }

    fn at_most_one(
        &self,
        namespace: &'static str,
        name: &'static str,
    ) -> Result<Option<Node<'a, 'input>>, XmlError> {
        let found = self.all(namespace, name);
        match found.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            _ => Err(XmlError::NotOne {
                name,
                parent: self.tag_name().name().to_owned(),
                count: found.len(),
            }),
        }
    }

    fn one(
        &self,
        namespace: &'static str,
        name: &'static str,
    ) -> Result<Node<'a, 'input>, XmlError> {
        self.at_most_one(namespace, name)?
            .ok_or_else(|| XmlError::NotOne {
                name,
                parent: self.tag_name().name().to_owned(),
                count: 0,
            })
    }

    fn plain(&self, name: &str) -> Option<&'a str> {
        self.attributes()
            .find(|attribute| attribute.namespace().is_none() && attribute.name() == name)
            .map(|attribute| attribute.value())
    }

    fn required(&self, name: &'static str) -> Result<&'a str, XmlError> {
        self.plain(name).ok_or_else(|| XmlError::NoAttribute {
            element: self.tag_name().name().to_owned(),
            attribute: name,
        })
    }

    fn whole_text(&self) -> Result<String, XmlError> {
        let mut text = String::new();
        for child in self.children() {
            if child.is_text() {
                text.push_str(child.text().unwrap_or_default());
            } else if !child.is_comment() {
                return Err(XmlError::NoText(self.tag_name().name().to_owned()));
            }
        }
        Ok(text.trim().to_owned())
    }
}

/// The name of an element as it is written, with its prefix.
pub(super) fn written_name<'input>(element: Node<'_, 'input>) -> &'input str {
    // Behind the `<`.
    name_at(element.document().input_text(), element.range().start + 1)
}

/// The name of an attribute as it is written, with its prefix.
pub(super) fn written_name_of<'input>(
    element: Node<'_, 'input>,
    attribute: &Attribute<'_, 'input>,
) -> &'input str {
    name_at(element.document().input_text(), attribute.range().start)
}

fn name_at(text: &str, start: usize) -> &str {
    let rest = text.get(start..).unwrap_or_default();
    let end = rest
        .find(|character: char| character.is_ascii_whitespace() || "=/>".contains(character))
        .unwrap_or(rest.len());
    &rest[..end]
}

/// The part of a name before its colon; empty when there is none.
pub(super) fn prefix(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> XmlError {
        message(text).map(drop).unwrap_err()
    }

    #[test]
    fn what_lets_readers_disagree_is_no_message() {
        for text in [
            "<!DOCTYPE a><a/>",
            "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
            "<!DOCTYPE a SYSTEM 'http://127.0.0.1/a.dtd'><a/>",
            "<a>&undefined;</a>",
            "<a><b></a></b>",
            "",
        ] {
            assert!(matches!(refused(text), XmlError::Syntax(_)), "{text}");
        }
        for text in ["<a>x<!-- y --></a>", "<!-- y --><a/>", "<a><?php y?></a>"] {
            assert_eq!(refused(text), XmlError::NotPlain, "{text}");
        }
        for text in [
            "<a ID='1'><b ID='1'/></a>",
            "<a ID='1'><b id='1'/></a>",
            "<a ID='1'><b xml:id='1'/></a>",
        ] {
            assert_eq!(refused(text), XmlError::TwoOfOneId("1".into()), "{text}");
        }
        let deep = format!("{}{}", "<a>".repeat(50), "</a>".repeat(50));
        assert_eq!(refused(&deep), XmlError::TooDeep);
        let many = format!("<a>{}</a>", "<b/>".repeat(20_000));
        assert!(matches!(refused(&many), XmlError::Syntax(_)));
        message("<?xml version='1.0'?><a ID='1'><b ID='2'>x</b><c/></a>").unwrap();
    }

    #[test]
    fn an_attribute_of_another_namespace_is_another_attribute() {
        let document = message("<a xmlns:n='urn:n' n:ID='1'/>").unwrap();
        assert_eq!(document.root_element().plain("ID"), None);
    }

    #[test]
    fn a_text_is_whole_or_none() {
        let metadata = metadata("<a><b> x<!-- c -->y\n</b><b>x<c/></b></a>").unwrap();
        let texts: Vec<_> = metadata
            .root_element()
            .children()
            .map(|b| b.whole_text())
            .collect();
        assert_eq!(texts[0], Ok("xy".to_owned()));
        assert_eq!(texts[1], Err(XmlError::NoText("b".to_owned())));
    }
}
