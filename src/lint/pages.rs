//! One page per rule, kept as markdown beside the code: what it finds, why, an example and the fix.

use crate::model::lint::Rule;

/// The page of a rule, as markdown.
#[must_use]
pub const fn page(rule: Rule) -> &'static str {
    match rule {
        Rule::UnboundedScan => include_str!("pages/GG001.md"),
        Rule::ComparedWithItself => include_str!("pages/GG002.md"),
        Rule::NotInNull => include_str!("pages/GG003.md"),
        Rule::CutList => include_str!("pages/GG004.md"),
        Rule::CutBeforeCount => include_str!("pages/GG005.md"),
        Rule::TodayWithoutZone => include_str!("pages/GG006.md"),
        Rule::OuterJoinUndone => include_str!("pages/GG007.md"),
        Rule::InnerJoinFromExpected => include_str!("pages/GG008.md"),
        Rule::UnguardedDivision => include_str!("pages/GG009.md"),
        Rule::NumberAsText => include_str!("pages/GG010.md"),
        Rule::FixedDate => include_str!("pages/GG011.md"),
        Rule::FixedProject => include_str!("pages/GG012.md"),
        Rule::FixedLabel => include_str!("pages/GG013.md"),
        Rule::SelectStar => include_str!("pages/GG014.md"),
        Rule::DialectTrap => include_str!("pages/GG015.md"),
        Rule::SeveralQuestions => include_str!("pages/GG016.md"),
        Rule::FanOut => include_str!("pages/GG017.md"),
        Rule::SameDayLeak => include_str!("pages/GG018.md"),
        Rule::Placeholder => include_str!("pages/GG019.md"),
        Rule::RoundedVerdict => include_str!("pages/GG020.md"),
        Rule::BetweenTimestamp => include_str!("pages/GG021.md"),
        Rule::SuccessAbsolves => include_str!("pages/GG022.md"),
        Rule::SchemaMismatch => include_str!("pages/GG023.md"),
        Rule::ComparedWithNull => include_str!("pages/GG024.md"),
        Rule::Unreadable => include_str!("pages/GG900.md"),
        Rule::NotRead => include_str!("pages/GG901.md"),
        Rule::AllowWithoutReason => include_str!("pages/GG902.md"),
        Rule::AllowWithoutFinding => include_str!("pages/GG903.md"),
    }
}

/// What the rule finds, in one line: the heading of its page.
#[must_use]
pub fn title(rule: Rule) -> &'static str {
    let heading = page(rule).lines().next().unwrap_or_default();
    heading.split_once(": ").map_or(heading, |(_, title)| title)
}
