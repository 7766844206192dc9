//! Commands from the user's template: one for each key, or one for each run of neighbouring keys.
//!
//! What is put into a command is quoted for the shell, so that a value is never more than one word.

use crate::error::did_you_mean;
use crate::model::retry::{RetryItem, runs};
use crate::model::schedule::{Schedule, Scheduled};
use crate::model::table::Value;

/// What every key has; the columns of its own key come besides.
const OF_KEY: [&str; 8] = ["output", "stage", "table", "processor", "key", "wave", "class", "attempts"];

/// What a run of keys has.
const OF_RANGE: [&str; 3] = ["from", "to", "keys"];

/// A template of a command, known to be sound for the outputs that it is for.
#[derive(Clone, Debug)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(String),
}

/// An output's name, and the names of its key columns with the date, if it has one.
#[derive(Clone, Debug)]
pub struct Columns<'a> {
    /// The output.
    pub output: &'a str,
    /// Its key columns.
    pub key: Vec<&'a str>,
    /// The one that is the date.
    pub date: Option<&'a str>,
}

impl Template {
    /// Reads a template: `{name}` is a placeholder, `{{` and `}}` are braces.
    ///
    /// # Errors
    /// What is wrong: a placeholder that an output does not know, one within quotes, a line break, an open brace.
    pub fn parse(text: &str, outputs: &[Columns<'_>]) -> Result<Self, String> {
        let template = Self { pieces: pieces(text)? };
        outputs.iter().try_for_each(|output| template.check(output))?;
        Ok(template)
    }

    fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| if let Piece::Placeholder(name) = piece { Some(name.as_str()) } else { None })
    }

    fn is_of_ranges(&self) -> bool {
        self.placeholders().any(|name| OF_RANGE.contains(&name))
    }

    fn check(&self, output: &Columns<'_>) -> Result<(), String> {
        let ranges = self.is_of_ranges();
        for name in self.placeholders() {
            let of_key = OF_KEY.contains(&name) || output.key.contains(&name) || (name == "date" && output.date.is_some());
            if !of_key && !OF_RANGE.contains(&name) {
                let date = output.date.map(|_| "date");
                let known: Vec<&str> = OF_KEY.into_iter().chain(date).chain(output.key.iter().copied()).chain(OF_RANGE).collect();
                let hint = did_you_mean(name, known.iter().copied());
                let list = known.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ");
                return Err(format!("no placeholder of output `{}` is named {{{name}}}{hint}; known: {list}", output.output));
            }
            let differs = ["key", "date", "class", "attempts"].contains(&name) || output.date == Some(name);
            if ranges && differs {
                return Err(format!("{{from}}, {{to}} and {{keys}} stand for several keys, of which {{{name}}} is one: use either"));
            }
        }
        if ranges && output.date.is_none() {
            return Err(format!("the keys of output `{}` have no date, so there is no {{from}} and {{to}}", output.output));
        }
        let has = |wanted: &str| self.placeholders().any(|name| name == wanted);
        if ranges && !has("keys") && !(has("from") && has("to")) {
            return Err(
                "a command for a run of keys needs both {from} and {to}, or {keys}: with one of them it would leave keys out".to_owned()
            );
        }
        Ok(())
    }

    /// The commands of one wave, one a line.
    ///
    /// # Errors
    /// A value with a line break, which cannot be part of a line.
    pub fn wave(&self, schedule: &Schedule, wave: u32) -> Result<String, String> {
        let mut text = String::new();
        if !self.is_of_ranges() {
            for key in schedule.wave(wave) {
                text.push_str(&self.command(|name| value(key, name))?);
            }
            return Ok(text);
        }
        let table = |output: &str| schedule.wave(wave).find(|key| key.item.output == output);
        for run in runs(schedule.wave(wave).map(|key| &key.item)) {
            let Some(first) = table(&run.first.output) else { continue };
            let of_run = |name: &str| match name {
                "from" => run.first.date().map(|date| date.to_string()),
                "to" => run.last.date().map(|date| date.to_string()),
                "keys" => Some(run.keys.to_string()),
                _ => column(run.first, name).or_else(|| value(first, name)),
            };
            text.push_str(&self.command(of_run)?);
        }
        Ok(text)
    }

    fn command(&self, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        let mut line = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => line.push_str(text),
                Piece::Placeholder(name) => {
                    let value = value(name).unwrap_or_default();
                    if value.chars().any(char::is_control) {
                        return Err(format!("the value {value:?} of {{{name}}} cannot be part of a line"));
                    }
                    line.push_str(&quoted(&value));
                }
            }
        }
        Ok(line + "\n")
    }
}

fn value(key: &Scheduled, name: &str) -> Option<String> {
    let item = &key.item;
    Some(match name {
        "output" => item.output.clone(),
        "stage" => item.stage.clone(),
        "table" => key.table.clone(),
        "processor" => key.processor.clone(),
        "key" => item.text(),
        "wave" => key.wave()?.to_string(),
        "class" => item.class.name().to_owned(),
        "attempts" => item.attempts.unwrap_or(0).to_string(),
        name => return column(item, name).or_else(|| if name == "date" { Some(item.date()?.to_string()) } else { None }),
    })
}

fn column(item: &RetryItem, name: &str) -> Option<String> {
    let at = item.columns.iter().position(|column| column.name == name)?;
    item.key.get(at).map(Value::to_string)
}

/// A word of a POSIX shell.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=,".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', "'\\''"))
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut open = String::new();
    let mut shell = Shell::default();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\r' => return Err("a command is one line".to_owned()),
            '{' | '}' if rest.next_if_eq(&c).is_some() => open.push(c),
            '}' => return Err("a `}` without `{`; write }} for a brace".to_owned()),
            '{' => {
                let mut name = String::new();
                loop {
                    match rest.next() {
                        Some('}') => break,
                        Some(c) if c.is_alphanumeric() || c == '_' => name.push(c),
                        _ => return Err(format!("`{{{name}` is no placeholder; write {{{{ for a brace")),
                    }
                }
                if shell.is_quoting() {
                    return Err(format!("write {{{name}}} without quotes or backslash around it: its value is quoted where it has to be"));
                }
                pieces.push(Piece::Text(std::mem::take(&mut open)));
                pieces.push(Piece::Placeholder(name));
            }
            c => {
                shell.read(c);
                open.push(c);
            }
        }
    }
    pieces.push(Piece::Text(open));
    if pieces.len() == 1 {
        return Err("the command has no placeholder, so it would be the same for every key".to_owned());
    }
    Ok(pieces)
}

/// Whether a shell that has read so far is within quotes.
#[derive(Default)]
struct Shell {
    quote: Option<char>,
    escaped: bool,
}

impl Shell {
    fn read(&mut self, c: char) {
        match (self.escaped, self.quote, c) {
            (true, ..) => self.escaped = false,
            (_, None | Some('"'), '\\') => self.escaped = true,
            (_, None, '\'' | '"') => self.quote = Some(c),
            (_, Some(quote), c) if quote == c => self.quote = None,
            _ => {}
        }
    }

    fn is_quoting(&self) -> bool {
        self.escaped || self.quote.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::{Columns, Template, quoted};

    fn columns() -> Vec<Columns<'static>> {
        vec![Columns { output: "prices", key: vec!["shop", "day"], date: Some("day") }]
    }

    #[test]
    fn values_are_one_word() {
        for (value, word) in
            [("2024-01-02", "2024-01-02"), ("", "''"), ("a b", "'a b'"), ("it's $(x)", r"'it'\''s $(x)'"), ("a;b", "'a;b'")]
        {
            assert_eq!(quoted(value), word);
        }
    }

    #[test]
    fn templates_that_cannot_be_filled_are_refused() {
        for (text, expected) in [
            ("run {outptu}", "no placeholder of output `prices` is named {outptu}; did you mean \"output\"?; known: {output}, {stage}"),
            ("run {from} {day}", "use either"),
            ("run '{shop}'", "without quotes"),
            ("run \"x {shop}\"", "without quotes"),
            (r"run \{shop}", "without quotes"),
            ("run {from}", "needs both {from} and {to}"),
            ("run {output} {to}", "needs both {from} and {to}"),
            ("run {shop", "`{shop` is no placeholder"),
            ("run {a b}", "is no placeholder"),
            ("run shop}", "without `{`"),
            ("run", "no placeholder"),
            ("run {shop}\nrm", "one line"),
        ] {
            let error = Template::parse(text, &columns()).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
        for text in ["run {shop} --day {day}", "awk '{{print}}' {key}", "run 'a' {from} \"b\" {to}", "run --day={date}"] {
            Template::parse(text, &columns()).expect(text);
        }
        let undated = [Columns { output: "models", key: vec!["model"], date: None }];
        assert!(Template::parse("run {from}", &undated).expect_err("no date").contains("have no date"));
    }
}
