//! Which outputs need not be read, because the warehouse has counted their rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{MutexGuard, PoisonError};

use indexmap::IndexMap;

use super::{Session, side_by_side};
use crate::model::catalogue::{KeyColumn, Output};
use crate::model::coverage::counts_suffice;
use crate::render::Part;

impl Session<'_> {
    /// Reads the rows even of outputs for which the warehouse's own counts would do.
    #[must_use]
    pub fn with_scan(mut self, scan: bool) -> Self {
        self.scan = scan;
        self
    }

    /// Of these outputs, those whose rows the warehouse has counted, as parts for their statement. Whether it has is asked once.
    pub(super) fn counted(&self, names: &[String]) -> IndexMap<String, Part> {
        if self.scan {
            return IndexMap::new();
        }
        let known: BTreeSet<String> = self.counts().keys().cloned().collect();
        let open = names.iter().filter(|name| !known.contains(*name)).filter_map(|name| self.project.outputs.get(name));
        let open: Vec<(&Output, &KeyColumn)> =
            open.filter(|output| counts_suffice(output)).filter_map(|output| Some((output, output.date()?))).collect();
        let ask = |(output, date): &(&Output, &KeyColumn)| self.warehouse.counts_by_date(&output.table, &date.source, self.deadline);
        let answers = side_by_side(self.jobs, &open, ask);
        let mut counts = self.counts();
        // What was given up meanwhile stays so.
        for ((output, _), answer) in open.iter().zip(answers) {
            counts.entry(output.name.clone()).or_insert(answer);
        }
        let counted = names.iter().filter(|name| counts.get(*name) == Some(&true));
        counted.map(|name| (name.clone(), Part { counted: true, ..Part::default() })).collect()
    }

    /// Has the rows of an output read from now on.
    pub(super) fn scan_instead(&self, name: &str) {
        self.counts().insert(name.to_owned(), false);
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<String, bool>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
