//! What the linter says: its rules, as a closed set with stable codes, and their findings.

use super::sql::Place;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It may be meant so; counts with `--strict` only.
    Warn,
    /// It answers wrongly, or not at all.
    Error,
}

impl Weight {
    /// The word in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warn => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $code:literal, $name:literal;)*) => {
        /// What the linter looks for. Codes are never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[$doc])* $rule,)*
        }

        impl Rule {
            /// Every rule, by code.
            pub const ALL: &'static [Self] = &[$(Self::$rule),*];

            /// The stable code, such as `GG001`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$rule => $code),* }
            }

            /// The name in words with hyphens.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$rule => $name),* }
            }
        }
    };
}

rules! {
    /// A table is read without a bound on its date column.
    UnboundedScan = "GG001", "unbounded-scan";
    /// A column is compared with itself.
    ComparedWithItself = "GG002", "compared-with-itself";
    /// NOT IN a subquery that can return NULL.
    NotInNull = "GG003", "not-in-null";
    /// A list is cut by LIMIT.
    CutList = "GG004", "cut-list";
    /// What is counted was cut by LIMIT before.
    CutBeforeCount = "GG005", "cut-before-count";
    /// The current date of nobody's time zone.
    TodayWithoutZone = "GG006", "today-without-zone";
    /// A condition removes the rows that an outer join kept.
    OuterJoinUndone = "GG007", "outer-join-undone";
    /// An inner join loses what was expected and is not there.
    InnerJoinFromExpected = "GG008", "inner-join-from-expected";
    /// A divisor that can be zero.
    UnguardedDivision = "GG009", "unguarded-division";
    /// A number leaves as text.
    NumberAsText = "GG010", "number-as-text";
    /// A date is written into a condition.
    FixedDate = "GG011", "fixed-date";
    /// A project is written into a table's name.
    FixedProject = "GG012", "fixed-project";
    /// A status label is written into a condition.
    FixedLabel = "GG013", "fixed-label";
    /// The result has the columns that a table happens to have.
    SelectStar = "GG014", "select-star";
    /// Something that this engine reads otherwise, or not at all.
    DialectTrap = "GG015", "dialect-trap";
    /// Answers of different kinds in one result.
    SeveralQuestions = "GG016", "several-questions";
    /// Rows are multiplied by joins before they are counted.
    FanOut = "GG017", "fan-out";
    /// History up to and including the day of the event.
    SameDayLeak = "GG018", "same-day-leak";
    /// A placeholder that nobody replaced.
    Placeholder = "GG019", "placeholder";
    /// A rounded share is compared with a threshold.
    RoundedVerdict = "GG020", "rounded-verdict";
    /// BETWEEN two dates on a column with a time of day.
    BetweenTimestamp = "GG021", "between-timestamp";
    /// A success absolves a failure that came after it.
    SuccessAbsolves = "GG022", "success-absolves";
    /// A table, column or type is not as the project has recorded it.
    SchemaMismatch = "GG023", "schema-mismatch";
    /// A value is compared with NULL.
    ComparedWithNull = "GG024", "compared-with-null";
    /// A file or query that cannot be read at all.
    Unreadable = "GG900", "unreadable";
    /// A statement that the parser does not know.
    NotRead = "GG901", "not-read";
    /// A finding is allowed without saying why.
    AllowWithoutReason = "GG902", "allow-without-reason";
    /// A finding is allowed that is not there.
    AllowWithoutFinding = "GG903", "allow-without-finding";
}

impl Rule {
    /// The rule of that code or name, in any case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code().eq_ignore_ascii_case(word) || rule.name().eq_ignore_ascii_case(word))
    }
}

/// One thing found in a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where in the text; unknown if the line is 0.
    pub at: Place,
    /// What it is.
    pub rule: Rule,
    /// How much it weighs.
    pub weight: Weight,
    /// What is wrong and what to do, in one line.
    pub message: String,
}

/// Everything found in the files or queries of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LintReport {
    /// What was found, with the file as the user knows it; by file and place.
    pub findings: Vec<(String, Finding)>,
    /// How many files or queries were looked at.
    pub files: usize,
    /// How many statements were read.
    pub statements: usize,
    /// How many statements the parser did not know; each is a finding too.
    pub unread: usize,
}

impl LintReport {
    /// The exit status: 2 if something could not be read at all, 1 for errors (with `strict`, for warnings too), 0 otherwise.
    #[must_use]
    pub fn exit_status(&self, strict: bool) -> u8 {
        let weighs = |finding: &Finding| strict || finding.weight == Weight::Error;
        match () {
            () if self.findings.iter().any(|(_, finding)| finding.rule == Rule::Unreadable) => 2,
            () if self.findings.iter().any(|(_, finding)| weighs(finding)) => 1,
            () => 0,
        }
    }

    /// How many findings weigh so much.
    #[must_use]
    pub fn count(&self, weight: Weight) -> usize {
        self.findings.iter().filter(|(_, finding)| finding.weight == weight).count()
    }
}
