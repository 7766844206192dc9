//! A ledger in which every unit ran once and wrote what its outputs hold, and what can happen to it.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, date};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use proptest::sample::{Index, select};

use super::oracle::expects;
use super::world::{DAYS, Held, Row, World, moment};

/// Messages, and what those of a group have in common.
pub(super) const MESSAGES: [(&str, &str); 9] = [
    ("Timeout after 30 s", "timeout after # s"),
    ("timeout after 45 s", "timeout after # s"),
    ("cannot read 'box_7'", "cannot read ?"),
    ("Cannot read 'games'", "cannot read ?"),
    ("no such file /data/2024/x.csv", "no such file <path>"),
    ("quota exceeded at 2024-03-05T07:00:00Z", "quota exceeded at #"),
    ("quota exceeded at 2024-03-06 08:10:11", "quota exceeded at #"),
    ("  ", "(no message)"),
    ("don't know why", "don't know why"),
];

/// What happens to a run, or to what is held.
#[derive(Clone, Debug)]
enum Damage {
    Lose(Index),
    /// It had failed so often before, and was tried again: a message and a category.
    Retry(Index, i64, usize, usize),
    /// It failed after it had succeeded.
    FailAgain(Index, usize, usize),
    Fail(Index, usize, usize),
    /// It ran once more, and says that it wrote so many rows.
    SucceedAgain(Index, Option<i64>),
    Copy(Index),
    Begins(Index),
    NoProcessor(Index),
    NoDay(Index),
    NoStart(Index),
    NoId(Index),
    NoEnd(Index),
    Unfinished(Index),
    Stranger(Index),
    OtherDay(Index, Date),
    Label(Index, Option<&'static str>),
    /// All runs of a processor have another status or phase.
    Relabel(&'static str, Option<&'static str>, Option<&'static str>),
    Phase(Index, Option<&'static str>),
    Count(Index, Option<i64>),
    Entities(Index, Option<i64>, Option<i64>),
    Slow(Index, i64),
    Backwards(Index),
    Test(Index),
    LoseDay(Index),
    LoseRow(Index),
    RepeatRow(Index),
    Undated(Index),
    ForeignRow(&'static str, Date),
    Everything,
}

pub(super) const KINDS: [&str; 9] =
    ["delete", "duplicate", "null key", "null value", "foreign key", "retry split", "label", "unfinished", "value"];

const CATEGORIES: [Option<&str>; 6] = [None, Some("timeout"), Some("TIMEOUT"), Some("no_data"), Some("odd"), Some("")];

/// A world with what happened to it, and the same before that.
#[derive(Clone, Debug)]
pub(super) struct Damaged {
    pub(super) world: World,
    pub(super) clean: World,
    damages: Vec<Damage>,
}

impl Damaged {
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        self.damages.iter().map(Damage::kind).collect()
    }
}

/// A run, as one or more rows of the ledger.
#[derive(Clone, Debug)]
struct Run {
    end: Row,
    begins: bool,
    copies: usize,
}

pub(super) fn damaged_worlds() -> impl Strategy<Value = Damaged> {
    let since = prop_oneof![3 => Just(None), 1 => (5..40i64).prop_map(|n| Some(moment(n, 30)))];
    // Now and then a morning on which runs are under way.
    let morning = select(DAYS[2..].to_vec()).prop_map(|(day, _)| day.at(11, 30, 0, 0).saturating_add(1.day()));
    let as_of = prop_oneof![2 => (30..100i64).prop_map(|n| moment(n, 5)), 1 => morning];
    (prop::collection::vec(damages(), 4..24), as_of, since, any::<bool>()).prop_map(|(damages, as_of, since, local)| {
        let clean = clean(as_of, since, local);
        let mut runs: Vec<Run> = clean.rows.iter().map(|end| Run { end: end.clone(), begins: false, copies: 1 }).collect();
        let mut data = clean.data.clone();
        damages.iter().for_each(|damage| damage.inflict(&mut runs, &mut data));
        let rows = runs.iter().flat_map(Run::rows).collect();
        Damaged { world: World { rows, data, ..clean.clone() }, clean, damages }
    })
}

fn damages() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    let failure = || (at(), 0..=MESSAGES.len(), 0..CATEGORIES.len());
    let of_runs = prop_oneof![
        2 => at().prop_map(Damage::Lose),
        3 => (failure(), 1..4i64).prop_map(|((run, message, category), times)| Damage::Retry(run, times, message, category)),
        2 => (at(), prop::option::of(0..4i64)).prop_map(|(run, rows)| Damage::SucceedAgain(run, rows)),
        2 => failure().prop_map(|(run, message, category)| Damage::FailAgain(run, message, category)),
        4 => failure().prop_map(|(run, message, category)| Damage::Fail(run, message, category)),
        1 => at().prop_map(Damage::Copy),
        1 => at().prop_map(Damage::Begins),
        1 => at().prop_map(Damage::NoProcessor),
        2 => at().prop_map(Damage::NoDay),
        1 => at().prop_map(Damage::NoStart),
        1 => at().prop_map(Damage::NoId),
        1 => at().prop_map(Damage::NoEnd),
        4 => at().prop_map(Damage::Unfinished),
        1 => at().prop_map(Damage::Stranger),
        1 => (at(), select(vec![date(2024, 3, 8), date(2024, 3, 28), date(2023, 3, 7)])).prop_map(|(run, day)| Damage::OtherDay(run, day)),
    ];
    let of_values = prop_oneof![
        2 => (at(), select(vec![None, Some("weird"), Some("SUCCESS"), Some("skipped")])).prop_map(|(run, word)| Damage::Label(run, word)),
        3 => (select(vec!["A", "B", "C"]), select(vec![Some("done"), Some("finished")]), select(vec![Some("phase_1"), Some("analytics")]))
            .prop_map(|(processor, status, phase)| Damage::Relabel(processor, status, phase)),
        1 => (at(), select(vec![None, Some("phase_9"), Some("PHASE_1")])).prop_map(|(run, word)| Damage::Phase(run, word)),
        5 => (at(), select(vec![None, Some(0), Some(0), Some(0), Some(7)])).prop_map(|(run, rows)| Damage::Count(run, rows)),
        2 => (at(), prop::option::of(0..9i64), prop::option::weighted(0.8, 0..9i64))
            .prop_map(|(run, done, failed)| Damage::Entities(run, done, failed)),
        2 => (at(), 2..9i64).prop_map(|(run, times)| Damage::Slow(run, times)),
        1 => at().prop_map(Damage::Backwards),
        1 => at().prop_map(Damage::Test),
    ];
    let day = select(vec![date(2024, 3, 5), date(2024, 3, 8), date(2024, 4, 8)]);
    let of_data = prop_oneof![
        3 => at().prop_map(Damage::LoseDay),
        2 => at().prop_map(Damage::LoseRow),
        1 => at().prop_map(Damage::RepeatRow),
        1 => at().prop_map(Damage::Undated),
        1 => (select(vec!["a", "b1", "c"]), day).prop_map(|(output, day)| Damage::ForeignRow(output, day)),
    ];
    prop_oneof![24 => of_runs, 12 => of_values, 8 => of_data, 1 => Just(Damage::Everything)]
}

/// Each unit runs once, on the morning after its day; what has not ended at the time of the question has written nothing.
fn clean(as_of: DateTime, since: Option<DateTime>, local: bool) -> World {
    let mut world = World { rows: Vec::new(), data: Vec::new(), as_of, since, local };
    for (day, games) in DAYS {
        for processor in ["A", "B", "C"] {
            let mut data = Vec::new();
            for output in super::oracle::OUTPUTS.into_iter().filter(|output| output.1 == processor && expects(output.0, day, games)) {
                let models = if output.0 == "b2" { vec![Some("elo"), Some("forest")] } else { vec![None] };
                let copies = match output.0 {
                    "a" => 2,
                    "b1" => games,
                    _ => 1,
                };
                let row = |model| Held { output: output.0, day: Some(day), model };
                data.extend(models.into_iter().flat_map(|model| (0..copies).map(move |_| row(model))));
            }
            if data.is_empty() {
                continue;
            }
            let number = u8::try_from(world.rows.len()).expect("few runs");
            let started = day.at(8, 0, 0, 0).saturating_add(1.day()).saturating_add((13 * i64::from(number)).minutes());
            let ended = started.saturating_add((600 * games + 7 * i64::from(number)).seconds());
            world.rows.push(Row {
                processor: Some(processor),
                run: Some(number),
                day: Some(day),
                status: Some("success"),
                started: Some(started),
                ended: Some(ended),
                test: Some(false),
                counts: [Some(data.len() as i64), Some(10 * games), Some(0)],
                error: None,
                category: None,
                phase: Some("phase_1"),
            });
            world.data.extend(data.into_iter().filter(|_| ended <= as_of));
        }
    }
    world
}

impl Run {
    fn rows(&self) -> Vec<Row> {
        let start = Row { status: Some("running"), ended: None, test: None, ..self.end.clone() };
        let mut rows = vec![self.end.clone(); self.copies];
        rows.extend(self.begins.then_some(start));
        rows
    }

    /// Another run of the unit, so many minutes after this one's start, that failed.
    fn failure(&self, id: u8, minutes: i64, message: usize, category: usize) -> Self {
        let started = self.end.started.map(|started| started.saturating_add(minutes.minutes()).saturating_add(i64::from(id).seconds()));
        let ended = started.map(|started| started.saturating_add(90.seconds()));
        let (error, category) = (MESSAGES.get(message).map(|(message, _)| *message), CATEGORIES[category]);
        let end = Row { run: Some(id), started, ended, status: Some("failed"), counts: [None; 3], error, category, ..self.end.clone() };
        Self { end, begins: false, copies: 1 }
    }
}

impl Damage {
    fn kind(&self) -> &'static str {
        match self {
            Self::Lose(_) | Self::LoseDay(_) | Self::LoseRow(_) | Self::Everything => "delete",
            Self::Copy(_) | Self::RepeatRow(_) => "duplicate",
            Self::NoProcessor(_) | Self::NoDay(_) | Self::NoId(_) | Self::Undated(_) => "null key",
            Self::NoStart(_) | Self::NoEnd(_) | Self::Count(_, None) | Self::Entities(_, None, _) => "null value",
            Self::Stranger(_) | Self::OtherDay(..) | Self::ForeignRow(..) => "foreign key",
            Self::Retry(..) | Self::FailAgain(..) | Self::SucceedAgain(..) | Self::Begins(_) => "retry split",
            Self::Label(..) | Self::Relabel(..) | Self::Phase(..) | Self::Fail(..) => "label",
            Self::Unfinished(_) => "unfinished",
            Self::Count(..) | Self::Entities(..) | Self::Slow(..) | Self::Backwards(_) | Self::Test(_) => "value",
        }
    }

    fn inflict(&self, runs: &mut Vec<Run>, data: &mut Vec<Held>) {
        // Two runs of a unit share neither name nor start, or nothing would tell which of them is meant.
        let id = 1 + runs.iter().filter_map(|run| run.end.run).max().unwrap_or(0);
        match self {
            Self::Everything => data.clear(),
            Self::ForeignRow(output, day) => data.push(Held { output, day: Some(*day), model: None }),
            Self::LoseDay(at) | Self::LoseRow(at) | Self::RepeatRow(at) | Self::Undated(at) if !data.is_empty() => {
                let index = at.index(data.len());
                let row = data[index].clone();
                match self {
                    Self::LoseDay(_) => data.retain(|other| (other.output, other.day) != (row.output, row.day)),
                    Self::LoseRow(_) => drop(data.remove(index)),
                    Self::RepeatRow(_) => data.push(row),
                    _ => data[index].day = None,
                }
            }
            Self::Relabel(processor, status, phase) => {
                let own = runs.iter_mut().filter(|run| run.end.processor == Some(processor));
                own.for_each(|run| (run.end.status, run.end.phase) = (*status, *phase));
            }
            Self::Retry(at, ..) | Self::FailAgain(at, ..) | Self::SucceedAgain(at, _) | Self::Lose(at) if !runs.is_empty() => {
                let index = at.index(runs.len());
                let run = runs[index].clone();
                match self {
                    Self::Retry(_, times, message, category) => {
                        runs.extend((0..*times).zip(id..).map(|(n, id)| run.failure(id, -40 * (n + 1), *message, *category)));
                    }
                    Self::FailAgain(_, message, category) => runs.push(run.failure(id, 100, *message, *category)),
                    Self::SucceedAgain(_, rows) => {
                        let mut again = run.failure(id, 70, MESSAGES.len(), 0);
                        (again.end.status, again.end.counts[0]) = (Some("success"), *rows);
                        runs.push(again);
                    }
                    _ => drop(runs.remove(index)),
                }
            }
            _ => {
                if let Some(at) = self.run().filter(|_| !runs.is_empty()) {
                    let index = at.index(runs.len());
                    self.change(&mut runs[index]);
                }
            }
        }
    }

    /// The run that is changed, where it is one.
    fn run(&self) -> Option<&Index> {
        match self {
            Self::Fail(at, ..) | Self::Label(at, _) | Self::Phase(at, _) | Self::Count(at, _) | Self::Entities(at, ..) => Some(at),
            Self::Copy(at) | Self::Begins(at) | Self::NoProcessor(at) | Self::NoDay(at) | Self::NoStart(at) | Self::NoId(at) => Some(at),
            Self::NoEnd(at) | Self::Unfinished(at) | Self::Stranger(at) | Self::OtherDay(at, _) | Self::Slow(at, _) => Some(at),
            Self::Backwards(at) | Self::Test(at) => Some(at),
            _ => None,
        }
    }

    fn change(&self, run: &mut Run) {
        let end = &mut run.end;
        match self {
            Self::Fail(_, message, category) => {
                end.status = Some("failed");
                (end.error, end.category) = (MESSAGES.get(*message).map(|(message, _)| *message), CATEGORIES[*category]);
            }
            Self::Label(_, word) => end.status = *word,
            Self::Phase(_, word) => end.phase = *word,
            Self::Count(_, rows) => end.counts[0] = *rows,
            Self::Entities(_, done, failed) => (end.counts[1], end.counts[2]) = (*done, *failed),
            Self::Copy(_) => run.copies += 1,
            Self::Begins(_) => run.begins = true,
            Self::NoProcessor(_) => end.processor = None,
            Self::NoDay(_) => end.day = None,
            // Without both a run could not be told from another.
            Self::NoStart(_) if end.run.is_some() => end.started = None,
            Self::NoId(_) if end.started.is_some() => end.run = None,
            Self::NoEnd(_) => end.ended = None,
            Self::Unfinished(_) => (end.status, end.ended) = (Some("running"), None),
            Self::Stranger(_) => end.processor = Some("Stranger"),
            Self::OtherDay(_, day) => end.day = Some(*day),
            Self::Slow(_, times) => {
                if let Some((started, ended)) = end.started.zip(end.ended) {
                    end.ended = Some(started.saturating_add((times * started.duration_until(ended).as_secs()).seconds()));
                }
            }
            Self::Backwards(_) => end.ended = end.started.map(|started| started.saturating_sub(5.minutes())),
            Self::Test(_) => end.test = Some(true),
            _ => {}
        }
    }
}
