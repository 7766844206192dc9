//! What a comparison with reviewed snapshots found, for people.

use std::fmt::Write as _;

use crate::model::rule::count;

/// What can be wrong with a snapshot or a case. Ordered as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The reviewed snapshot says something else.
    Changed,
    /// There is no reviewed snapshot.
    New,
    /// The answer is not what the case states.
    Differs,
    /// The query or case of a snapshot is gone.
    Stale,
    /// It could not be judged.
    Undecided,
}

impl Trouble {
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Changed, "changed", "33"),
        (Self::New, "new", "36"),
        (Self::Differs, "differs", "31"),
        (Self::Stale, "stale", "33"),
        (Self::Undecided, "undecided", "35"),
    ];

    /// The word and the colour of the terminal.
    fn word(self) -> (&'static str, &'static str) {
        Self::ALL.iter().find(|(trouble, ..)| *trouble == self).map_or(("", ""), |(_, word, code)| (word, code))
    }
}

/// One thing to look at.
#[derive(Clone, Debug)]
pub struct Item {
    /// What is wrong.
    pub trouble: Trouble,
    /// The snapshot, or the case with its place.
    pub name: String,
    /// What differs, or why; may be empty.
    pub detail: String,
}

/// What was compared.
#[derive(Clone, Debug, Default)]
pub struct Review {
    /// What is not as it was reviewed, in the order of queries and cases.
    pub items: Vec<Item>,
    /// The queries.
    pub queries: usize,
    /// Their cases.
    pub cases: usize,
    /// The snapshots that are as they were reviewed.
    pub equal: usize,
    /// What was not tested, and why.
    pub notes: Vec<String>,
    /// Whether nothing was written, because a machine runs this.
    pub ci: bool,
}

impl Review {
    /// The exit status: 3 if something could not be judged, 1 if something differs, is new or stale, else 0.
    pub fn exit_status(&self) -> u8 {
        match self.items.iter().map(|item| item.trouble).max() {
            None => 0,
            Some(Trouble::Undecided) => 3,
            Some(_) => 1,
        }
    }

    /// One line of figures.
    pub fn figures(&self) -> String {
        let mut text = format!("{} of {}: ", count(self.cases, "case"), count(self.queries, "query").replace("querys", "queries"));
        let _ = write!(text, "{} equal", count(self.equal, "snapshot"));
        for (trouble, word, _) in Trouble::ALL {
            let number = self.items.iter().filter(|item| item.trouble == trouble).count();
            let _ = if number > 0 { write!(text, ", {number} {word}") } else { Ok(()) };
        }
        text + "\n"
    }

    /// The items, the figures, and what to do.
    pub fn text(&self, colour: bool) -> String {
        let mut text = String::new();
        for item in &self.items {
            let _ = writeln!(text, "{} {}", word(item.trouble, colour), item.name);
            for line in item.detail.lines() {
                let _ = writeln!(text, "{}", format!("    {line}").trim_end());
            }
        }
        for note in &self.notes {
            let _ = writeln!(text, "not tested: {note}");
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let of = |trouble: Trouble| self.items.iter().filter(|item| item.trouble == trouble).count();
        text.push_str(&self.figures());
        if of(Trouble::Changed) + of(Trouble::New) > 0 {
            text.push_str(match self.ci {
                true => "-> CI is set, so nothing was written: run `gapgate snapshot test` yourself, and review\n",
                false => "-> look at each with `gapgate snapshot review`, or accept all with `gapgate snapshot accept`\n",
            });
        }
        if of(Trouble::Undecided) > 0 {
            text.push_str("-> what cannot be judged is accepted only where its case states verdict = \"undecided\"\n");
        }
        if of(Trouble::Stale) > 0 {
            text.push_str("-> remove what is stale with `gapgate snapshot accept --prune`\n");
        }
        text
    }
}

fn word(trouble: Trouble, colour: bool) -> String {
    let (word, code) = trouble.word();
    if colour { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word.to_owned() }
}
