//! Verdicts and levels: what can be said of a check, and how much it weighs.

use serde::{Deserialize, Serialize};

/// What a rule, a check or a gate says. Ordered: the worst of several is their maximum.
///
/// [`Verdict::Undecided`] means that it could not be judged. It outranks a failure, because a failure is an answer,
/// and it is never a pass.
///
/// ```
/// use gapgate::model::verdict::Verdict;
/// let worst = [Verdict::Pass, Verdict::Undecided, Verdict::Fail].into_iter().max();
/// assert_eq!(worst, Some(Verdict::Undecided));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Judged, and as it should be.
    Pass,
    /// Judged; worth a look, but no reason to stop.
    Warn,
    /// Judged, and not as it should be.
    Fail,
    /// Could not be judged.
    Undecided,
}

impl Verdict {
    /// The word used in every report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Undecided => "undecided",
        }
    }

    /// The process exit status: 0 go, 1 no-go, 3 undecided. With `strict`, a warning counts as a failure.
    pub fn exit_status(self, strict: bool) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Warn => u8::from(strict),
            Self::Fail => 1,
            Self::Undecided => 3,
        }
    }
}

/// How much a broken rule weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Reported, never judged.
    Allow,
    /// A broken rule is a warning.
    Warn,
    /// A broken rule is a failure.
    Fail,
}

impl Level {
    /// The words that name a level in headers and project files.
    pub const NAMES: [&'static str; 3] = ["allow", "warn", "fail"];

    /// The level of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Allow, Self::Warn, Self::Fail].into_iter().zip(Self::NAMES).find(|(_, n)| *n == name).map(|(l, _)| l)
    }

    /// The verdict of a broken rule of this level.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Allow => Verdict::Pass,
            Self::Warn => Verdict::Warn,
            Self::Fail => Verdict::Fail,
        }
    }
}
