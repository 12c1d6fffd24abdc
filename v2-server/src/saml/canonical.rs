//! Exclusive canonicalisation (<https://www.w3.org/TR/xml-exc-c14n/>): the one text of an element that signatures are
//! about.
//!
//! Made for messages, which have no comments, no instructions and no DTD. What the XML reader has normalised already
//! (line ends, references, CDATA, values of attributes) is what the standard wants normalised.

use std::collections::BTreeSet;

use roxmltree::{Node, NodeId};

use super::xml::{prefix, written_name, written_name_of};

/// The canonical text of an element. `inclusive` are prefixes whose declarations are written even where nothing uses
/// them; `without` is left out, as a signature is from what it signs.
pub(super) fn canonical(
    element: Node<'_, '_>,
    inclusive: &[&str],
    without: Option<NodeId>,
) -> String {
    let mut writer = Writer {
        inclusive,
        without,
        declared: Vec::new(),
        out: String::new(),
    };
    writer.element(element);
    writer.out
}

struct Writer<'a> {
    inclusive: &'a [&'a str],
    without: Option<NodeId>,
    /// Declarations written for the elements around, innermost last. The default namespace has the prefix `""`.
    declared: Vec<(String, String)>,
    out: String,
}

impl Writer<'_> {
    fn element(&mut self, element: Node<'_, '_>) {
        let name = written_name(element);
        let mut attributes: Vec<_> = element
            .attributes()
            .map(|attribute| {
                let name = written_name_of(element, &attribute);
                let key = (attribute.namespace().unwrap_or_default(), attribute.name());
                (key, name, attribute.value())
            })
            .collect();
        attributes.sort_unstable();

        let outer = self.declared.len();
        self.out.push('<');
        self.out.push_str(name);
        self.declarations(element, name, attributes.iter().map(|(_, name, _)| *name));
        for (_, name, value) in attributes {
            self.attribute(name, value);
        }
        self.out.push('>');
        for child in element.children() {
            if child.is_text() {
                escape(&mut self.out, child.text().unwrap_or_default(), IN_TEXT);
            } else if child.is_element() && Some(child.id()) != self.without {
                self.element(child);
            }
        }
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        self.declared.truncate(outer);
    }

    /// Declares the namespaces that the names of this element use, unless an element around has.
    fn declarations<'n>(
        &mut self,
        element: Node<'_, '_>,
        name: &'n str,
        attributes: impl Iterator<Item = &'n str>,
    ) {
        // An attribute without a prefix is in no namespace, not in the default one.
        let mut prefixes: BTreeSet<&str> =
            attributes.map(prefix).filter(|p| !p.is_empty()).collect();
        prefixes.insert(prefix(name));
        prefixes.extend(self.inclusive.iter().map(|name| match *name {
            "#default" => "",
            prefix => prefix,
        }));
        for prefix in prefixes {
            let uri = if prefix.is_empty() {
                element.lookup_namespace_uri(None)
            } else {
                element.lookup_namespace_uri(Some(prefix))
            };
            let uri = uri.unwrap_or_default();
            let known = self
                .declared
                .iter()
                .rev()
                .find(|(known, _)| known == prefix)
                .map_or("", |(_, uri)| uri.as_str());
            // Without a declaration there is no namespace; `xml` is always there.
            if prefix == "xml" || known == uri {
                continue;
            }
            if prefix.is_empty() {
                self.attribute("xmlns", uri);
            } else {
                self.attribute(&format!("xmlns:{prefix}"), uri);
            }
            self.declared.push((prefix.to_owned(), uri.to_owned()));
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        escape(&mut self.out, value, IN_VALUE);
        self.out.push('"');
    }
}

const IN_TEXT: &[(char, &str)] = &[
    ('&', "&amp;"),
    ('<', "&lt;"),
    ('>', "&gt;"),
    ('\r', "&#xD;"),
];
const IN_VALUE: &[(char, &str)] = &[
    ('&', "&amp;"),
    ('<', "&lt;"),
    ('"', "&quot;"),
    ('\t', "&#x9;"),
    ('\n', "&#xA;"),
    ('\r', "&#xD;"),
];

fn escape(out: &mut String, text: &str, references: &[(char, &str)]) {
    for character in text.chars() {
        match references.iter().find(|(plain, _)| *plain == character) {
            Some((_, reference)) => out.push_str(reference),
            None => out.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::xml::{message, with_line_feeds};

    /// The canonical text of the element with the id `e`, or else of the whole document.
    fn of(text: &str, inclusive: &[&str]) -> String {
        let text = with_line_feeds(text);
        let document = message(&text).unwrap();
        let element = document
            .descendants()
            .find(|node| node.attribute("ID") == Some("e"));
        canonical(element.unwrap_or(document.root_element()), inclusive, None)
    }

    #[test]
    fn names_values_and_texts_take_one_form() {
        assert_eq!(
            of(
                "<?xml version='1.0'?>\n<a  b = 'x\"&#9;&lt;>' a='&apos;'\n><c/>1 &gt; <![CDATA[<2>]]>\r\n&#13;&lt;\r<d/></a>\n",
                &[]
            ),
            "<a a=\"'\" b=\"x&quot;&#x9;&lt;>\"><c></c>1 &gt; &lt;2&gt;\n&#xD;&lt;\n<d></d></a>"
        );
    }

    #[test]
    fn attributes_are_sorted_by_namespace_and_name() {
        assert_eq!(
            of(
                "<a xmlns:y='urn:1' xmlns:x='urn:2' x:a='1' y:b='2' y:a='3' z='4' xml:lang='en'/>",
                &[]
            ),
            "<a xmlns:x=\"urn:2\" xmlns:y=\"urn:1\" z=\"4\" xml:lang=\"en\" y:a=\"3\" y:b=\"2\" x:a=\"1\"></a>"
        );
    }

    #[test]
    fn only_declarations_in_use_are_written_and_each_once() {
        let text = "<r xmlns:p='urn:p' xmlns:q='urn:q' xmlns='urn:d'>\
             <p:e ID='e' a='p:x'><p:f><q:g/><q:h/></p:f><i/></p:e></r>";
        assert_eq!(
            of(text, &[]),
            "<p:e xmlns:p=\"urn:p\" ID=\"e\" a=\"p:x\"><p:f>\
             <q:g xmlns:q=\"urn:q\"></q:g><q:h xmlns:q=\"urn:q\"></q:h></p:f><i xmlns=\"urn:d\"></i></p:e>"
        );
        assert_eq!(
            of(text, &["q", "#default", "unknown"]),
            "<p:e xmlns=\"urn:d\" xmlns:p=\"urn:p\" xmlns:q=\"urn:q\" ID=\"e\" a=\"p:x\"><p:f>\
             <q:g></q:g><q:h></q:h></p:f><i></i></p:e>"
        );
    }

    #[test]
    fn two_prefixes_of_one_namespace_stay_two() {
        assert_eq!(
            of(
                "<a:e xmlns:a='urn:1' xmlns:b='urn:1' b:x='1'><b:f/></a:e>",
                &[]
            ),
            "<a:e xmlns:a=\"urn:1\" xmlns:b=\"urn:1\" b:x=\"1\"><b:f></b:f></a:e>"
        );
    }

    #[test]
    fn a_default_namespace_can_end_and_a_prefix_be_declared_anew() {
        assert_eq!(
            of(
                "<a xmlns='urn:1'><b xmlns=''><c xmlns=''/></b><p:d xmlns:p='urn:2'><p:e xmlns:p='urn:3'/></p:d></a>",
                &[]
            ),
            "<a xmlns=\"urn:1\"><b xmlns=\"\"><c></c></b>\
             <p:d xmlns:p=\"urn:2\"><p:e xmlns:p=\"urn:3\"></p:e></p:d></a>"
        );
    }
}
