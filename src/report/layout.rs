//! JSON that people can read: indented down to a depth, and one line for each value below it.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// The value as text. What would stand at `depth`, the outermost value being 1, is a line each, and so is a list in a list.
pub(super) fn json(value: &impl Serialize, depth: usize) -> String {
    let mut text = Vec::new();
    let layout = Layout { pretty: PrettyFormatter::new(), open: Vec::new(), depth };
    let written = value.serialize(&mut Serializer::with_formatter(&mut text, layout));
    written.expect("every member is named by text, and nothing else can fail in memory");
    text.push(b'\n');
    String::from_utf8(text).expect("JSON is text")
}

struct Layout {
    pretty: PrettyFormatter<'static>,
    /// The values that are open, the outermost first.
    open: Vec<Open>,
    depth: usize,
}

#[derive(Clone, Copy)]
struct Open {
    is_list: bool,
    in_one_line: bool,
}

impl Layout {
    fn push(&mut self, is_list: bool) -> bool {
        let around = self.open.last().copied();
        let in_one_line =
            self.open.len() + 1 >= self.depth || around.is_some_and(|around| around.in_one_line || (is_list && around.is_list));
        self.open.push(Open { is_list, in_one_line });
        in_one_line
    }

    fn is_in_one_line(&self) -> bool {
        self.open.last().is_some_and(|open| open.in_one_line)
    }

    fn pop(&mut self) -> bool {
        self.open.pop().is_some_and(|open| open.in_one_line)
    }
}

fn comma<W: ?Sized + io::Write>(writer: &mut W, first: bool) -> io::Result<()> {
    if first { Ok(()) } else { writer.write_all(b", ") }
}

impl Formatter for Layout {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.push(true) { writer.write_all(b"[") } else { self.pretty.begin_array(writer) }
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if self.is_in_one_line() { comma(writer, first) } else { self.pretty.begin_array_value(writer, first) }
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.is_in_one_line() { Ok(()) } else { self.pretty.end_array_value(writer) }
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.pop() { writer.write_all(b"]") } else { self.pretty.end_array(writer) }
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.push(false) { writer.write_all(b"{") } else { self.pretty.begin_object(writer) }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if self.is_in_one_line() { comma(writer, first) } else { self.pretty.begin_object_key(writer, first) }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.is_in_one_line() { Ok(()) } else { self.pretty.end_object_value(writer) }
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.pop() { writer.write_all(b"}") } else { self.pretty.end_object(writer) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn what_is_deep_stands_in_a_line() {
        let value = json!({ "a": [{ "b": [1, 2], "c": {} }, { "d": null }], "e": [[1, "x"], []], "f": [] });
        let text = super::json(&value, 3);
        assert_eq!(
            text,
            "{\n  \"a\": [\n    {\"b\": [1, 2], \"c\": {}},\n    {\"d\": null}\n  ],\n  \"e\": [\n    [1, \"x\"],\n    []\n  ],\n  \"f\": []\n}\n"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).ok(), Some(value));
    }
}
