//! A small XML document as a tree, within bounds.
//!
//! Document types are refused: only they can declare entities, and entities of entities grow without
//! bound. The five predefined entities and character references are read.

use std::fmt::Write as _;

use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::Value;

use crate::formats::problem::Problem;
use crate::sample::Extra;

/// Deepest nesting; an annotation has five levels.
const MOST_LEVELS: usize = 32;

/// Most elements of one picture.
const MOST_ELEMENTS: usize = 200_000;

/// An element: its text, its attributes (as children called `@name`) and its children.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Node {
    pub name: String,
    pub text: String,
    pub children: Vec<Node>,
}

impl Node {
    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text without the space around it.
    pub fn trimmed(&self) -> &str {
        self.text.trim()
    }

    /// The fields of `children` that are not in `known`; a name that stands twice is a list.
    pub fn others(&self, known: &[&str]) -> Extra {
        let mut fields = Extra::new();
        for child in &self.children {
            if known.contains(&child.name.as_str()) {
                continue;
            }
            let value = child.value();
            match fields.get_mut(&child.name) {
                None => {
                    fields.insert(child.name.clone(), value);
                }
                Some(Value::Array(list)) => list.push(value),
                Some(one) => *one = Value::Array(vec![one.take(), value]),
            }
        }
        fields
    }

    fn value(&self) -> Value {
        if self.children.is_empty() {
            Value::String(self.trimmed().to_owned())
        } else {
            let mut fields = self.others(&[]);
            if !self.trimmed().is_empty() {
                fields.insert(TEXT.into(), self.trimmed().into());
            }
            Value::Object(fields)
        }
    }
}

/// The name of an element's own text beside its children.
const TEXT: &str = "#text";

/// The root element of a document.
pub(super) fn parse(bytes: &[u8]) -> Result<Node, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let what = format!("is not UTF-8 text from byte {}", error.valid_up_to());
        Problem::new("", what, "save it as UTF-8")
    })?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    // The document itself is the lowest, so that there is always one to add to.
    let mut open = vec![Node::default()];
    let mut elements = 0;
    loop {
        let event = reader.read_event();
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let wrong = |what: String, remedy: &str| {
            let line = 1 + text.bytes().take(at).filter(|&byte| byte == b'\n').count();
            Problem::new(format!("line {line}"), what, remedy)
        };
        let event = event.map_err(|error| wrong(error.to_string(), "mend the XML there"))?;
        match event {
            Event::Start(_) | Event::Empty(_) if elements == MOST_ELEMENTS => {
                return Err(wrong(
                    format!("more than {MOST_ELEMENTS} elements"),
                    "an annotation of one picture has fewer",
                ));
            }
            Event::Start(_) if open.len() > MOST_LEVELS => {
                return Err(wrong(
                    format!("elements are nested deeper than {MOST_LEVELS} levels"),
                    "an annotation has five levels",
                ));
            }
            Event::Start(start) => {
                elements += 1;
                open.push(element(&start).map_err(|what| wrong(what, "mend the XML there"))?);
            }
            Event::Empty(start) => {
                elements += 1;
                let node = element(&start).map_err(|what| wrong(what, "mend the XML there"))?;
                last(&mut open).children.push(node);
            }
            Event::End(_) => {
                // The reader has checked that the names match, so one is open.
                if let Some(node) = open.pop() {
                    last(&mut open).children.push(node);
                }
            }
            Event::Text(part) => {
                let part = part
                    .decode()
                    .map_err(|error| wrong(error.to_string(), "save it as UTF-8"))?;
                last(&mut open).text.push_str(&part);
            }
            Event::CData(part) => {
                let part = part
                    .decode()
                    .map_err(|error| wrong(error.to_string(), "save it as UTF-8"))?;
                last(&mut open).text.push_str(&part);
            }
            Event::GeneralRef(reference) => {
                let text = referred(&reference)
                    .map_err(|what| wrong(what, "write the character itself"))?;
                last(&mut open).text.push_str(&text);
            }
            Event::DocType(_) => {
                return Err(wrong(
                    "a document type, which may declare entities, is not read".into(),
                    "remove the <!DOCTYPE …>",
                ));
            }
            Event::Eof if open.len() > 1 => {
                return Err(wrong(
                    format!("the file ends inside <{}>", last(&mut open).name),
                    "copy or download it again",
                ));
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    let mut roots = open
        .pop()
        .map(|document| document.children)
        .unwrap_or_default();
    match (roots.pop(), roots.is_empty()) {
        (Some(root), true) => Ok(root),
        (None, _) => Err(Problem::new(
            "",
            "has no element",
            "an annotation is one <annotation>",
        )),
        (Some(_), false) => Err(Problem::new(
            "",
            "has more than one root element",
            "an annotation is one <annotation>",
        )),
    }
}

fn last(open: &mut Vec<Node>) -> &mut Node {
    if open.is_empty() {
        open.push(Node::default());
    }
    let index = open.len() - 1;
    &mut open[index]
}

/// What a character reference or a predefined entity stands for.
fn referred(reference: &BytesRef<'_>) -> Result<String, String> {
    let name = reference.decode().unwrap_or_default();
    let character = reference.resolve_char_ref().ok().flatten();
    character
        .map(String::from)
        .or_else(|| resolve_predefined_entity(&name).map(str::to_owned))
        .ok_or_else(|| format!("unknown entity `&{name};`"))
}

fn element(start: &BytesStart<'_>) -> Result<Node, String> {
    let utf8 = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let attribute = |attribute: Attribute<'_>| {
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| error.to_string())?;
        Ok(Node {
            name: format!("@{}", utf8(attribute.key.as_ref())),
            text: value.into_owned(),
            children: Vec::new(),
        })
    };
    let children = start
        .attributes()
        .map(|found| found.map_err(|error| error.to_string()).and_then(attribute))
        .collect::<Result<_, String>>()?;
    Ok(Node {
        name: utf8(start.name().as_ref()),
        text: String::new(),
        children,
    })
}

/// A document under construction, indented as the development kit's own.
#[derive(Default)]
pub(super) struct Writer {
    text: String,
    depth: usize,
}

impl Writer {
    /// An element with what `inside` writes.
    pub fn element(&mut self, name: &str, attributes: &str, inside: impl FnOnce(&mut Self)) {
        self.indent();
        self.push(format_args!("<{name}{attributes}>\n"));
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.indent();
        self.push(format_args!("</{name}>\n"));
    }

    /// An element with text.
    pub fn leaf(&mut self, name: &str, text: impl std::fmt::Display) {
        self.indent();
        let text = text.to_string();
        self.push(format_args!("<{name}>{}</{name}>\n", escape(text.as_str())));
    }

    /// Fields that were kept from reading.
    pub fn fields(&mut self, fields: &Extra) {
        for (name, value) in fields
            .iter()
            .filter(|(name, _)| !name.starts_with(['@', '#']))
        {
            self.value(name, value);
        }
    }

    fn value(&mut self, name: &str, value: &Value) {
        match value {
            Value::Array(list) => list.iter().for_each(|value| self.value(name, value)),
            Value::Object(fields) => match fields.get(TEXT).and_then(Value::as_str) {
                Some(text) if fields.iter().all(|(name, _)| name.starts_with(['@', '#'])) => {
                    self.indent();
                    let attributes = attributes(fields);
                    self.push(format_args!(
                        "<{name}{attributes}>{}</{name}>\n",
                        escape(text)
                    ));
                }
                _ => self.element(name, &attributes(fields), |inside| inside.fields(fields)),
            },
            Value::String(text) => self.leaf(name, text),
            Value::Null => self.leaf(name, ""),
            other => self.leaf(name, other),
        }
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.text.write_fmt(text);
    }

    fn indent(&mut self) {
        self.text.extend(std::iter::repeat_n('\t', self.depth));
    }

    pub fn finish(self) -> String {
        self.text
    }
}

/// ` name="value"` for every field called `@name`.
pub(super) fn attributes(fields: &Extra) -> String {
    fields
        .iter()
        .filter_map(|(name, value)| {
            let name = name.strip_prefix('@')?;
            Some(format!(" {name}=\"{}\"", escape(value.as_str()?)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn unknown_elements_survive_the_round_trip() {
        let text = "<a verified=\"yes\"><part><name>head</name></part><part><name>h&amp;m</name></part>\
                    <pose kind=\"x\">left</pose><empty/></a>";
        let node = parse(text.as_bytes()).unwrap();
        let fields = node.others(&[]);
        assert_eq!(fields["part"][1]["name"], "h&m");
        let mut writer = Writer::default();
        writer.element("a", &attributes(&fields), |inside| inside.fields(&fields));
        let again = parse(writer.finish().as_bytes()).unwrap();
        assert_eq!(again.others(&[]), fields);
    }

    #[test]
    fn entity_bombs_and_deep_nesting_are_refused() {
        let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY l \"lol\"><!ENTITY m \"&l;&l;\">]>\n<a>&m;</a>";
        let problem = parse(bomb.as_bytes()).unwrap_err();
        assert!(problem.what.contains("document type"), "{problem:?}");
        assert!(
            parse(b"<a>&m;</a>")
                .unwrap_err()
                .what
                .contains("unknown entity `&m;`")
        );
        let deep = "<a>".repeat(100_000);
        assert!(
            parse(deep.as_bytes())
                .unwrap_err()
                .what
                .contains("nested deeper than 32")
        );
        let wide = format!("<a>{}</a>", "<b/>".repeat(MOST_ELEMENTS));
        assert!(
            parse(wide.as_bytes())
                .unwrap_err()
                .what
                .contains("more than 200000 elements")
        );
    }

    #[test]
    fn what_is_no_document_is_named() {
        assert!(
            parse(b"<a>\n<b>")
                .unwrap_err()
                .what
                .contains("ends inside <b>")
        );
        assert_eq!(parse(b"<a>\n</b>").unwrap_err().field, "line 2");
        assert!(parse(b"  ").unwrap_err().what.contains("no element"));
        assert!(
            parse(b"<a/><b/>")
                .unwrap_err()
                .what
                .contains("more than one root")
        );
        assert!(parse(b"<a>\xFF</a>").unwrap_err().what.contains("byte 3"));
    }
}
