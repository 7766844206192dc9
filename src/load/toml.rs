//! Reading TOML with the place of every value, so that complaints point at the user's own line.
//!
//! A [`Fields`] remembers which keys were asked for; what is left over is unknown, and the complaint lists the known.

use std::cell::{OnceCell, RefCell};
use std::str::FromStr;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Complaint, did_you_mean};
use crate::model::number::Decimal;
use crate::model::places::Places;

/// A text with its name and everything that was found wrong in it.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) file: String,
    text: &'a str,
    first_line: usize,
    /// Where its lines end, once somebody asks.
    ends: OnceCell<Vec<usize>>,
    complaints: RefCell<Vec<Complaint>>,
}

/// Syntax errors of one file that are worth reading; more of them mean that it is something else.
const MOST_ERRORS: usize = 5;

impl<'a> Document<'a> {
    /// `first_line` is the line of the file on which the text begins, counted from 1.
    pub(super) fn new(file: impl Into<String>, text: &'a str, first_line: usize) -> Self {
        Self { file: file.into(), text, first_line, ends: OnceCell::new(), complaints: RefCell::default() }
    }

    /// The syntax tree, as far as it could be read; syntax errors become complaints.
    pub(super) fn parse(&self) -> Spanned<DeTable<'a>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors.iter().take(MOST_ERRORS) {
            self.complain(error.span().map_or(0, |span| span.start), error.message());
        }
        if errors.len() <= MOST_ERRORS {
            return table;
        }
        self.complain(0, format!("{} more errors like these; is this a TOML file?", errors.len() - MOST_ERRORS));
        DeTable::parse_recoverable("").0
    }

    pub(super) fn complain(&self, at: usize, message: impl Into<String>) {
        let line = self.line(at);
        self.complaints.borrow_mut().push(Complaint { file: self.file.clone(), line, message: message.into() });
    }

    fn line(&self, at: usize) -> usize {
        let ends = self.ends.get_or_init(|| self.text.match_indices('\n').map(|(end, _)| end).collect());
        self.first_line + ends.partition_point(|end| *end < at)
    }

    pub(super) fn complaints(&self) -> Vec<Complaint> {
        self.complaints.borrow().clone()
    }
}

/// One value and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    document: &'a Document<'a>,
    value: &'a DeValue<'a>,
    at: usize,
}

impl<'a> Node<'a> {
    pub(super) fn complain(&self, message: impl Into<String>) {
        self.document.complain(self.at, message);
    }

    /// `gapgate.toml:12`, for messages that are made later.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.document.file, self.line())
    }

    pub(super) fn line(&self) -> usize {
        self.document.line(self.at)
    }

    /// The line on which the text itself begins: a line break after three quotes is no part of it.
    pub(super) fn text_line(&self) -> usize {
        let raw = self.document.text.get(self.at..).unwrap_or_default();
        let after = raw.strip_prefix("\"\"\"").or_else(|| raw.strip_prefix("'''"));
        self.line() + usize::from(after.is_some_and(|text| text.starts_with(['\n', '\r'])))
    }

    fn expected<T>(&self, wanted: &str) -> Option<T> {
        self.complain(format!("expected {wanted}, found {}", self.describe()));
        None
    }

    /// `a string`, `an integer`.
    pub(super) fn describe(&self) -> String {
        with_article(self.value.type_str())
    }

    pub(super) fn text(&self) -> Option<String> {
        match self.value {
            DeValue::String(text) => Some(text.to_string()),
            _ => self.expected("a text in quotes"),
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        self.value.as_bool().or_else(|| self.expected("true or false"))
    }

    pub(super) fn number(&self) -> Option<Decimal> {
        let text = match self.value {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
            DeValue::Float(float) => float.as_str(),
            _ => return self.expected("a number"),
        };
        text.parse().map_err(|error: <Decimal as FromStr>::Err| self.complain(error.to_string())).ok()
    }

    pub(super) fn integer<T: TryFrom<i128>>(&self) -> Option<T> {
        let number = self.number()?;
        let value = Some(number).filter(|n| n.is_integer()).and_then(|n| T::try_from(n.fraction().0).ok());
        if value.is_none() {
            self.complain(format!("{number} is not a whole number in range here"));
        }
        value
    }

    /// A number that need not be exact; also `inf` and `nan`.
    pub(super) fn float(&self) -> Option<f64> {
        let text = match self.value {
            DeValue::Float(float) => float.as_str(),
            _ => return self.integer::<i64>().map(|number| number as f64),
        };
        text.replace('_', "").parse().ok().or_else(|| self.expected("a number"))
    }

    pub(super) fn date(&self) -> Option<Date> {
        let text = match self.value {
            DeValue::Datetime(datetime) => datetime.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => return self.expected("a date such as 2024-06-30"),
        };
        let date = text.parse().ok().filter(|_| text.len() == 10);
        if date.is_none() {
            self.complain(format!("`{text}` is not a date; write it as 2024-06-30"));
        }
        date
    }

    /// A date or date-time as text, for values whose meaning depends on the zone.
    pub(super) fn moment(&self) -> Option<String> {
        match self.value {
            DeValue::Datetime(datetime) => Some(datetime.to_string()),
            DeValue::String(text) => Some(text.to_string()),
            _ => self.expected("a date or time such as 2024-06-30T12:00"),
        }
    }

    /// The elements of a list; a single value counts as a list of one.
    pub(super) fn list(&self) -> Vec<Self> {
        match self.value {
            DeValue::Array(array) => array.iter().map(|value| self.document.node(value)).collect(),
            _ => vec![*self],
        }
    }

    pub(super) fn texts(&self) -> Vec<String> {
        self.list().iter().filter_map(Self::text).collect()
    }

    /// One of a closed set of words.
    pub(super) fn word<T: Copy>(&self, words: &[(T, &str)]) -> Option<T> {
        let text = self.text()?;
        let found = words.iter().find(|(_, word)| *word == text).map(|(value, _)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(_, word)| *word).collect();
            self.complain(format!("unknown word \"{text}\"{}; known: {}", did_you_mean(&text, known.iter().copied()), known.join(", ")));
        }
        found
    }

    pub(super) fn fields(&self) -> Option<Fields<'a>> {
        match self.value {
            DeValue::Table(table) => Some(Fields::new(self.document, table, self.at)),
            _ => self.expected("a table"),
        }
    }

    pub(super) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    pub(super) fn is_text(&self) -> bool {
        self.value.is_str()
    }

    pub(super) fn is_number(&self) -> bool {
        self.value.is_integer() || self.value.is_float()
    }

    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    pub(super) fn is_bool(&self) -> bool {
        self.value.is_bool()
    }

    pub(super) fn is_date(&self) -> bool {
        self.value.is_datetime()
    }
}

impl<'a> Document<'a> {
    fn node(&'a self, value: &'a Spanned<DeValue<'a>>) -> Node<'a> {
        Node { document: self, value: value.get_ref(), at: value.span().start }
    }
}

/// The keys of a table, and the ones asked for so far. What stands in the tables `above` it counts instead of its own, and
/// keys that are missing are looked up in `fallback`.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    document: &'a Document<'a>,
    table: &'a DeTable<'a>,
    at: usize,
    known: RefCell<Vec<&'static str>>,
    above: Vec<(&'a Document<'a>, &'a DeTable<'a>)>,
    fallback: Option<(&'a Document<'a>, &'a DeTable<'a>)>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(document: &'a Document<'a>, table: &'a DeTable<'a>, at: usize) -> Self {
        Self { document, table, at, known: RefCell::default(), above: Vec::new(), fallback: None }
    }

    /// The same with defaults for keys that it lacks.
    pub(super) fn with_fallback(&self, defaults: Option<&Fields<'a>>) -> Self {
        let mut fields = Self::new(self.document, self.table, self.at);
        fields.fallback = defaults.map(|defaults| (defaults.document, defaults.table));
        fields
    }

    /// The same with what counts instead, the first of these before the others.
    pub(super) fn below<'b>(mut self, above: impl IntoIterator<Item = &'b Fields<'a>>) -> Self
    where
        'a: 'b,
    {
        self.above = above.into_iter().map(|fields| (fields.document, fields.table)).collect();
        self
    }

    /// The tables that give its keys, the one that counts first.
    fn layers(&self) -> impl DoubleEndedIterator<Item = (&'a Document<'a>, &'a DeTable<'a>)> {
        self.above.iter().copied().chain([(self.document, self.table)]).chain(self.fallback)
    }

    pub(super) fn get(&self, key: &'static str) -> Option<Node<'a>> {
        self.known.borrow_mut().push(key);
        self.layers().find_map(|(document, table)| table.get(key).map(|value| document.node(value)))
    }

    /// The value of a key that must be there.
    pub(super) fn require(&self, key: &'static str) -> Option<Node<'a>> {
        let node = self.get(key);
        if node.is_none() {
            self.complain(format!("`{key}` is missing"));
        }
        node
    }

    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        self.get(key)?.text()
    }

    pub(super) fn texts(&self, key: &'static str) -> Vec<String> {
        self.get(key).map(|node| node.texts()).unwrap_or_default()
    }

    pub(super) fn required_text(&self, key: &'static str) -> String {
        self.require(key).and_then(|node| node.text()).unwrap_or_default()
    }

    /// A whole number of at least 1.
    pub(super) fn positive<T: TryFrom<i128> + PartialEq + From<u8>>(&self, key: &'static str) -> Option<T> {
        let node = self.get(key)?;
        let number = node.integer()?;
        if number == T::from(0) {
            node.complain(format!("`{key}` must be at least 1"));
        }
        Some(number)
    }

    /// The tables of a table of tables, by name and in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (String, Node<'a>)> {
        self.table.iter().map(|(key, value)| (key.get_ref().to_string(), self.document.node(value)))
    }

    pub(super) fn complain(&self, message: impl Into<String>) {
        self.document.complain(self.at, message);
    }

    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.document.file, self.document.line(self.at))
    }

    /// Where its keys stand and those below them, defaults included. Texts of a list go by their own words.
    pub(super) fn places(&self) -> Places {
        let mut places = Places::default();
        // Those that count come last.
        for (document, table) in self.layers().rev() {
            table.iter().for_each(|(key, value)| document.node(value).add_places(key.get_ref(), &mut places));
        }
        places
    }

    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Complains of every key that nobody asked for, defaults included.
    pub(super) fn finish(&self) {
        let mut known = self.known.borrow().clone();
        known.sort_unstable();
        known.dedup();
        for (document, table) in self.layers() {
            for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
                let hint = did_you_mean(key.get_ref(), known.iter().copied());
                document.complain(key.span().start, format!("unknown key `{}`{hint}; known: {}", key.get_ref(), known.join(", ")));
            }
        }
    }
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {kind}")
}

impl<'a> Node<'a> {
    fn add_places(&self, path: &str, places: &mut Places) {
        places.insert(path.to_owned(), self.place());
        self.add_places_below(path, places);
    }

    fn add_places_below(&self, path: &str, places: &mut Places) {
        match self.value {
            DeValue::Table(table) => {
                table.iter().for_each(|(key, value)| self.document.node(value).add_places(&format!("{path}.{}", key.get_ref()), places));
            }
            DeValue::Array(array) => {
                for node in array.iter().map(|value| self.document.node(value)) {
                    match node.value {
                        DeValue::String(text) => places.insert(format!("{path}.{text}"), node.place()),
                        _ => node.add_places_below(path, places),
                    }
                }
            }
            _ => {}
        }
    }

    /// Every text at any depth below this value.
    pub(super) fn texts_within(&self) -> Vec<Self> {
        match self.value {
            DeValue::String(_) => vec![*self],
            DeValue::Array(array) => array.iter().flat_map(|value| self.document.node(value).texts_within()).collect(),
            DeValue::Table(table) => table.values().flat_map(|value| self.document.node(value).texts_within()).collect(),
            _ => Vec::new(),
        }
    }
}

impl<'a> Fields<'a> {
    /// A table without keys of its own, at the place of `node`.
    pub(super) fn empty(node: Node<'a>) -> Self {
        static NOTHING: std::sync::LazyLock<DeTable<'static>> = std::sync::LazyLock::new(DeTable::new);
        Self::new(node.document, &NOTHING, node.at)
    }
}
