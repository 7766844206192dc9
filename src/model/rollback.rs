//! A rollback: which rows would be deleted, how many they are, and the statements as text. Nothing here is ever sent.

/// What is deleted in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Rows of the output.
    Data,
    /// Runs of its processor.
    Ledger,
}

impl Kind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Ledger => "ledger",
        }
    }
}

/// Rows of one table.
#[derive(Clone, Debug)]
pub struct Step {
    /// The output.
    pub output: String,
    /// Whether it was asked for, or only reads what was.
    pub downstream: bool,
    /// What is deleted.
    pub kind: Kind,
    /// The table, as the dialect spells it.
    pub table: String,
    /// The rows that the warehouse counted.
    pub rows: u64,
    /// The statement, for people to run.
    pub statement: String,
}

/// The steps in the order in which they can be taken: what reads comes before what it reads.
#[derive(Clone, Debug, Default)]
pub struct Rollback {
    /// The steps.
    pub steps: Vec<Step>,
    /// What could not be counted, and why.
    pub undecided: Vec<(String, String)>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

impl Rollback {
    /// The rows of all steps.
    pub fn rows(&self) -> u64 {
        self.steps.iter().map(|step| step.rows).fold(0, u64::saturating_add)
    }
}
