//! Where the keys of a declaration stand in the user's file, so that a complaint names the line to change.

use std::collections::BTreeMap;

/// Places such as `gapgate.toml:12` by the path of a key: `grain`, `grain.game_id`, `status.column`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(BTreeMap<String, String>);

impl Places {
    /// Remembers where a key stands; the last word counts.
    pub fn insert(&mut self, path: String, place: String) {
        self.0.insert(path, place);
    }

    /// The place of a key, or of the nearest key around it.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<&str> {
        let around = || path.rsplit_once('.').and_then(|(around, _)| self.of(around));
        self.0.get(path).map(String::as_str).or_else(around)
    }
}
