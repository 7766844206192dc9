//! What a target says of an engine behind a network, key by key.

use std::collections::BTreeMap;
use std::fmt;

/// The keys with which a project file says how such an engine is reached, with the environment's values in them. Some are
/// secrets, so only the names can be printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<&'static str, String>);

impl Settings {
    /// The value of a key, if the project file has it.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

impl FromIterator<(&'static str, String)> for Settings {
    fn from_iter<T: IntoIterator<Item = (&'static str, String)>>(pairs: T) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn values_are_never_shown() {
        let settings: Settings = [("password", "hush".to_owned())].into_iter().collect();
        assert_eq!((format!("{settings:?}").as_str(), settings.get("password")), ("[\"password\"]", Some("hush")));
    }
}
