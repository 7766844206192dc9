//! What stops a run before it begins, and the exit status that goes with it.
//!
//! A check that fails or cannot run is data in the report, never an error of this kind.

use std::fmt;

/// One thing wrong with a file of the user's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// The file as the user knows it.
    pub file: String,
    /// The line, counted from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl Complaint {
    /// A complaint about a place such as `gapgate.toml:12`, as declarations remember it.
    pub fn at(place: &str, message: impl Into<String>) -> Self {
        let (file, line) = place.rsplit_once(':').unwrap_or((place, "0"));
        Self { file: file.to_owned(), line: line.parse().unwrap_or(0), message: message.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

/// Why a run never began, or could not be completed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for something that is not there.
    #[error("{0}")]
    Usage(String),
    /// Files of the user's are wrong; all complaints at once.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Complaints(Vec<Complaint>),
    /// The warehouse could not be opened or asked.
    #[error("{0}")]
    Warehouse(String),
    /// What was asked for would read more than the cap; nothing was run.
    #[error("{0}")]
    TooExpensive(String),
    /// A report could not be written.
    #[error("cannot write {place}: {source}")]
    Write {
        /// The file, or `standard output`.
        place: String,
        /// Why.
        source: std::io::Error,
    },
    /// The user interrupted the run.
    #[error("interrupted; what was not finished is undecided")]
    Interrupted,
}

impl Error {
    /// The process exit status: 2 usage or files, 3 undecided, 4 refused for its cost, 130 interrupted.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Complaints(_) => 2,
            Self::Warehouse(_) | Self::Write { .. } => 3,
            Self::TooExpensive(_) => 4,
            Self::Interrupted => 130,
        }
    }
}

/// That nothing of a kind has this name, with the names that are known, as far as they fit in a line.
pub fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let hint = did_you_mean(name, known.clone());
    let list: Vec<&str> = known.take(12).collect();
    let known = if list.is_empty() { "none is declared".to_owned() } else { format!("known: {}", list.join(", ")) };
    format!("no {what} is named \"{name}\"{hint}; {known}")
}

/// The best of `known` for a word that is not among them: `; did you mean "x"?`, or nothing.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let likeness = |candidate: &str| strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase());
    let best = known.into_iter().map(|candidate| (likeness(candidate), candidate)).max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((score, candidate)) if score > 0.8 => format!("; did you mean \"{candidate}\"?"),
        _ => String::new(),
    }
}
