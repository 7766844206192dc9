//! Every rule on the examples of its page, and on the cases in `fixtures/lint`: the bad are found, the good are silent.
//!
//! The words after `bad` or `good` say what is known: `dialect=postgres`, `partitioned=shop.orders.order_date`,
//! `not_null=TABLE.COLUMN`, `unique=TABLE.COLUMN,COLUMN`, `expected=TABLE`, `held=TABLE`, `status=TABLE.COLUMN:LABEL,LABEL`,
//! `retry`, `recorded=TABLE:COLUMN=TYPE,COLUMN=TYPE`; and `also=GG009` what else is found, `warn` or `error` how much the finding weighs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gapgate::lint::names::{self, Fault};
use gapgate::lint::{self, Facts, Status};
use gapgate::model::lint::{Finding, Rule, Weight};
use gapgate::model::places::Places;
use gapgate::model::schema::{Schema, TableInfo};
use gapgate::model::sql::{Dialect, Sql};
use gapgate::model::table::Kind;

/// A text, what is known of its tables, and what should be found.
struct Case {
    name: String,
    bad: bool,
    dialect: Dialect,
    facts: Facts,
    also: Vec<Rule>,
    weight: Option<Weight>,
    /// What a project has recorded of its tables.
    recorded: BTreeMap<String, TableInfo>,
    sql: String,
}

impl Case {
    fn new(name: String, words: &str, sql: &str) -> Self {
        let mut words = words.split_whitespace();
        let bad = match words.next() {
            Some("bad") => true,
            Some("good") => false,
            other => panic!("{name}: {other:?} is neither bad nor good"),
        };
        let (facts, dialect) = (Facts::default(), Dialect::BigQuery);
        let mut case = Self { name, bad, dialect, facts, also: Vec::new(), weight: None, recorded: BTreeMap::new(), sql: sql.to_owned() };
        words.for_each(|word| case.learn(word));
        case
    }

    fn learn(&mut self, word: &str) {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let column = || value.rsplit_once('.').map(|(table, column)| (table.to_owned(), column.to_owned())).expect("TABLE.COLUMN");
        let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<String>>();
        match key {
            "dialect" => self.dialect = Dialect::parse(value).expect("a dialect"),
            "partitioned" => self.facts.partitioned.push(column()),
            "not_null" => self.facts.not_null.push(column()),
            "unique" => self.facts.unique.push((column().0, list(&column().1))),
            "columns" => drop(self.facts.columns.insert(column().0, list(&column().1))),
            "expected" => self.facts.expected.push(value.to_owned()),
            "held" => self.facts.held.push(value.to_owned()),
            "retry" => self.facts.drives_work = true,
            "also" => self.also.push(Rule::parse(value).expect("a rule")),
            "warn" => self.weight = Some(Weight::Warn),
            "error" => self.weight = Some(Weight::Error),
            "status" => {
                let (path, labels) = value.split_once(':').expect("TABLE.COLUMN:LABELS");
                let (table, column) = path.rsplit_once('.').expect("TABLE.COLUMN");
                self.facts.status = Some(Status { table: table.to_owned(), column: column.to_owned(), labels: list(labels) });
            }
            "recorded" => {
                let (name, columns) = value.split_once(':').expect("TABLE:COLUMN=TYPE,...");
                let pairs = columns.split(',').map(|pair| pair.split_once('=').expect("COLUMN=TYPE"));
                let kind = |data_type: &str| if data_type == "INT64" { Kind::Int } else { Kind::Text };
                let columns = pairs.map(|(name, data_type)| (name.to_owned(), data_type.to_owned(), kind(data_type))).collect();
                self.recorded.insert(name.to_owned(), TableInfo { name: name.to_owned(), columns, ..TableInfo::default() });
            }
            other => panic!("{}: unknown word {other}", self.name),
        }
    }

    fn findings(&self) -> Vec<Finding> {
        let linted = lint::lint(&self.sql, self.dialect, &self.facts);
        linted.findings.into_iter().chain(lint::unused(&linted.allowed)).chain(self.mismatches()).collect()
    }

    fn mismatches(&self) -> Vec<Finding> {
        if self.recorded.is_empty() {
            return Vec::new();
        }
        let (target, file, tables) = ("prod".to_owned(), "schema/prod.toml".to_owned(), self.recorded.clone());
        let schema = Schema { target, dialect: self.dialect, file, tables, places: Places::default() };
        let faults = names::faults(&Sql::parse(&self.sql, self.dialect).expect("a statement"), &schema);
        let finding = |fault: Fault| Finding { at: fault.at, rule: Rule::SchemaMismatch, weight: Weight::Error, message: fault.message };
        faults.into_iter().map(finding).collect()
    }

    /// What is wrong with the linter, or with the case.
    fn fault(&self, rule: Rule) -> Option<String> {
        let found = self.findings();
        let own: Vec<&Finding> = found.iter().filter(|finding| finding.rule == rule).collect();
        let others: Vec<&Finding> = found.iter().filter(|finding| finding.rule != rule && !self.also.contains(&finding.rule)).collect();
        let missed: Vec<&Rule> = self.also.iter().filter(|also| !found.iter().any(|finding| finding.rule == **also)).collect();
        let weighs = self.weight.is_none_or(|weight| own.iter().all(|finding| finding.weight == weight));
        let placed = own.iter().all(|finding| finding.at.line > 0);
        let right = own.is_empty() != self.bad && others.is_empty() && missed.is_empty() && weighs && placed;
        (!right).then(|| format!("{} {}: found {found:#?}\nin\n{}\n", rule.code(), self.name, self.sql))
    }
}

fn check(cases: impl IntoIterator<Item = (Rule, Case)>) {
    let faults: Vec<String> = cases.into_iter().filter_map(|(rule, case)| case.fault(rule)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The fenced blocks of a page.
fn examples(rule: Rule) -> Vec<Case> {
    let blocks = lint::page(rule).split("```sql ").skip(1).enumerate();
    let case = |(number, block): (usize, &str)| {
        let (words, rest) = block.split_once('\n').expect("a first line");
        let sql = rest.split("```").next().unwrap_or_default();
        Case::new(format!("example {}", number + 1), words, sql)
    };
    blocks.map(case).collect()
}

#[test]
fn every_page_proves_its_rule() {
    check(Rule::ALL.iter().flat_map(|rule| examples(*rule).into_iter().map(|case| (*rule, case))));
}

#[test]
fn every_page_says_what_why_and_how() {
    for rule in Rule::ALL {
        let page = lint::page(*rule);
        let heading = format!("# {} {}: {}\n", rule.code(), rule.name(), lint::title(*rule));
        assert!(page.starts_with(&heading), "{}: the page begins with {:?}", rule.code(), page.lines().next());
        assert!(page.contains("**Fix.**"), "{} has no fix", rule.code());
        let cases = examples(*rule);
        assert!(cases.iter().any(|case| case.bad) && cases.iter().any(|case| !case.bad), "{} needs a bad and a good example", rule.code());
        assert!(page.lines().all(|line| line.chars().count() <= 140), "{} has a long line", rule.code());
    }
}

#[test]
fn every_case_is_judged_as_it_says() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lint/rules");
    let mut cases = Vec::new();
    let mut files: Vec<_> = fs::read_dir(dir).expect("the cases").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    for file in files {
        let code = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let rule = Rule::parse(&code).unwrap_or_else(|| panic!("no rule is called {code}"));
        let text = fs::read_to_string(&file).expect("a text");
        // Each case begins with a line `-- case NAME: bad WORDS`.
        for block in text.split("-- case ").skip(1) {
            let (head, sql) = block.split_once('\n').expect("a first line");
            let (name, words) = head.split_once(": ").expect("NAME: WORDS");
            cases.push((rule, Case::new(name.to_owned(), words, sql)));
        }
    }
    assert!(cases.len() > 60, "only {} cases", cases.len());
    check(cases);
}
