//! An XML tree as BinXML tokens.
//!
//! Names are stored once a chunk, at their first use; later uses give the offset. Elements
//! inside a template definition carry a dependency: the number of the value without which
//! the element disappears, or `FFFF`.

use std::borrow::Cow;

use super::chunk::Chunk;
use super::value::{Guid, encode_utf16};

/// Name of an element or attribute.
pub(super) type Name = Cow<'static, str>;

const FRAGMENT_HEADER: [u8; 4] = [0x0f, 1, 1, 0];
const END_OF_STREAM: u8 = 0x00;
const OPEN: u8 = 0x01;
const START_CLOSED: u8 = 0x02;
const EMPTY: u8 = 0x03;
const CLOSE: u8 = 0x04;
const VALUE: u8 = 0x05;
const ATTRIBUTE: u8 = 0x06;
const SUBSTITUTION: u8 = 0x0d;
const OPTIONAL_SUBSTITUTION: u8 = 0x0e;
const TEXT_TYPE: u8 = 0x01;
/// On `OPEN`: attributes follow. On `ATTRIBUTE`: another one follows.
const MORE: u8 = 0x40;
const NO_DEPENDENCY: u16 = 0xffff;

/// An element of a record or of a template.
#[derive(Debug, Clone, Default)]
pub(super) struct Element {
    pub(super) name: Name,
    /// The value without which the element disappears.
    pub(super) dependency: Option<u16>,
    pub(super) attributes: Vec<(Name, Content)>,
    pub(super) content: Vec<Content>,
    /// Whether an element without content is still written as `<a></a>`.
    pub(super) keep_open: bool,
}

/// What stands in an element or attribute.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Text(String),
    /// A hole of a template, filled by the value of that index.
    Slot {
        index: u16,
        type_code: u8,
        optional: bool,
    },
    Element(Element),
}

impl Element {
    pub(super) fn new(name: impl Into<Name>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    pub(super) fn depends_on(mut self, index: u16) -> Self {
        self.dependency = Some(index);
        self
    }

    pub(super) fn attribute(mut self, name: impl Into<Name>, value: Content) -> Self {
        self.attributes.push((name.into(), value));
        self
    }

    pub(super) fn with(mut self, content: Content) -> Self {
        self.content.push(content);
        self
    }

    pub(super) fn child(self, child: Self) -> Self {
        self.with(Content::Element(child))
    }

    pub(super) fn keep_open(mut self) -> Self {
        self.keep_open = true;
        self
    }

    /// A GUID that is the same for the same tree, wherever it is written.
    pub(super) fn fingerprint(&self) -> Guid {
        let mut hash = Fnv(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        hash.element(self);
        Guid(hash.0.to_le_bytes())
    }
}

/// Tokens that are a stream of their own: header, element, end.
pub(super) fn write_fragment(chunk: &mut Chunk, element: &Element, in_template: bool) {
    write_header(chunk);
    write_element(chunk, element, in_template);
    write_end(chunk);
}

pub(super) fn write_header(chunk: &mut Chunk) {
    chunk.bytes.extend(FRAGMENT_HEADER);
}

pub(super) fn write_end(chunk: &mut Chunk) {
    chunk.bytes.push(END_OF_STREAM);
}

pub(super) fn write_element(chunk: &mut Chunk, element: &Element, in_template: bool) {
    let has_attributes = !element.attributes.is_empty();
    chunk.bytes.push(if has_attributes { OPEN | MORE } else { OPEN });
    if in_template {
        let dependency = element.dependency.unwrap_or(NO_DEPENDENCY);
        chunk.bytes.extend(dependency.to_le_bytes());
    }
    let size_at = chunk.reserve_u32();
    write_name(chunk, &element.name);
    if has_attributes {
        write_attributes(chunk, &element.attributes, in_template);
    }
    if element.content.is_empty() && !element.keep_open {
        chunk.bytes.push(EMPTY);
    } else {
        chunk.bytes.push(START_CLOSED);
        for content in &element.content {
            write_content(chunk, content, in_template);
        }
        chunk.bytes.push(CLOSE);
    }
    chunk.fill_size(size_at);
}

fn write_attributes(chunk: &mut Chunk, attributes: &[(Name, Content)], in_template: bool) {
    let size_at = chunk.reserve_u32();
    let last = attributes.len().saturating_sub(1);
    for (position, (name, value)) in attributes.iter().enumerate() {
        chunk.bytes.push(if position < last { ATTRIBUTE | MORE } else { ATTRIBUTE });
        write_name(chunk, name);
        write_content(chunk, value, in_template);
    }
    chunk.fill_size(size_at);
}

fn write_content(chunk: &mut Chunk, content: &Content, in_template: bool) {
    match content {
        Content::Element(element) => write_element(chunk, element, in_template),
        Content::Text(text) => write_text(chunk, text),
        Content::Slot { index, type_code, optional } => {
            chunk.bytes.push(if *optional { OPTIONAL_SUBSTITUTION } else { SUBSTITUTION });
            chunk.bytes.extend(index.to_le_bytes());
            chunk.bytes.push(*type_code);
        }
    }
}

fn write_text(chunk: &mut Chunk, text: &str) {
    chunk.bytes.extend([VALUE, TEXT_TYPE]);
    write_counted(chunk, text);
}

/// A character count, then the characters. A count that does not fit means a text larger than
/// a chunk, which the chunk refuses as a whole.
fn write_counted(chunk: &mut Chunk, text: &str) {
    let count = u16::try_from(text.encode_utf16().count()).unwrap_or(u16::MAX);
    chunk.bytes.extend(count.to_le_bytes());
    encode_utf16(text, &mut chunk.bytes);
}

/// The offset of a name, and the name itself if the chunk has not got it yet.
fn write_name(chunk: &mut Chunk, name: &str) {
    if let Some(offset) = chunk.names.get(name) {
        chunk.bytes.extend(offset.to_le_bytes());
        return;
    }
    let offset = chunk.position() + 4;
    let hash = name_hash(name);
    let next = chunk.names.insert(name.to_owned(), usize::from(hash), offset);
    chunk.bytes.extend(offset.to_le_bytes());
    chunk.bytes.extend(next.to_le_bytes());
    chunk.bytes.extend(hash.to_le_bytes());
    write_counted(chunk, name);
    chunk.bytes.extend([0, 0]);
}

/// The hash by which a name is found in the string table.
fn name_hash(name: &str) -> u16 {
    let [low, high, ..] = words_hash(name.encode_utf16()).to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// The hash by which real chunks file most of their templates.
pub(super) fn guid_hash(guid: &Guid) -> usize {
    let words = guid.0.as_chunks::<2>().0.iter().map(|&word| u16::from_le_bytes(word));
    usize::try_from(words_hash(words)).unwrap_or_default()
}

fn words_hash(words: impl Iterator<Item = u16>) -> u32 {
    words.fold(0, |hash: u32, word| hash.wrapping_mul(65599).wrapping_add(u32::from(word)))
}

/// FNV-1a over a tree. Own code, as the standard hashers may change with the compiler and the
/// files must not.
struct Fnv(u128);

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b);
        }
    }

    fn text(&mut self, tag: u8, text: &str) {
        self.bytes(&[tag]);
        self.bytes(text.as_bytes());
        self.bytes(&[0xff]);
    }

    fn element(&mut self, element: &Element) {
        self.text(1, &element.name);
        self.bytes(&element.dependency.unwrap_or(NO_DEPENDENCY).to_le_bytes());
        self.bytes(&[u8::from(element.keep_open)]);
        for (name, value) in &element.attributes {
            self.text(2, name);
            self.content(value);
        }
        for content in &element.content {
            self.content(content);
        }
        self.bytes(&[3]);
    }

    fn content(&mut self, content: &Content) {
        match content {
            Content::Text(text) => self.text(4, text),
            Content::Slot { index, type_code, optional } => {
                let [low, high] = index.to_le_bytes();
                self.bytes(&[5, low, high, *type_code, u8::from(*optional)]);
            }
            Content::Element(element) => self.element(element),
        }
    }
}

#[test]
fn names_hash_as_in_real_logs() {
    let hashes = ["Event", "System", "Data", "Keywords"].map(name_hash);
    assert_eq!(hashes, [0x0cba, 0x546f, 0x6f8a, 0xcf6a]);
}
