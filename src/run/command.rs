//! The commands that a gate declares: the user's own programs, run to their end or stopped, and judged by their exit status.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Session;
use crate::model::catalogue::{CommandSpec, Gate};
use crate::model::report::{CheckReport, Finding};
use crate::model::table::{Column, Kind, Table, Value};
use crate::model::verdict::Verdict;
use crate::warehouse::{Deadline, Interrupt};

/// How often a running command is looked after.
const GLANCE: Duration = Duration::from_millis(20);

/// How long a command that was told to end may take to do so.
const GRACE: Duration = Duration::from_secs(2);

/// Bytes that are kept of each stream, which are its last.
const KEPT: usize = 16 << 10;

/// Lines that are shown of what a command said.
const LINES: usize = 8;

/// Characters that are shown of a line.
const WIDTH: usize = 200;

/// Runs the commands of a gate one after the other, in the project's folder and without a shell. None is begun after Ctrl-C.
pub fn commands(session: &Session<'_>, gate: &Gate, interrupt: &Interrupt) -> Vec<CheckReport> {
    gate.commands.iter().map(|command| one(session, command, interrupt)).collect()
}

fn one(session: &Session<'_>, command: &CommandSpec, interrupt: &Interrupt) -> CheckReport {
    let sent = Instant::now();
    let own = command.timeout.map(|seconds| Deadline { at: sent + Duration::from_secs(seconds), seconds });
    let deadline = own.filter(|own| own.at < session.deadline.at).unwrap_or(session.deadline);
    let (finding, said) = run(command, &session.project.dir, deadline, interrupt);
    CheckReport {
        query: command.id(),
        title: "A command of the project".to_owned(),
        arguments: command.line(),
        rows: finding.as_ref().and_then(|_| table(&said)),
        findings: finding.into_iter().collect(),
        coverage: Vec::new(),
        statements: vec![session.since(format!("-- command: {}", command.line()), sent)],
    }
}

/// What a command wrote: its stream and the line.
type Said = Vec<(&'static str, String)>;

/// Why it does not go, if so, and the last of what it wrote.
fn run(command: &CommandSpec, dir: &Path, deadline: Deadline, interrupt: &Interrupt) -> (Option<Finding>, Said) {
    if interrupt.is_thrown() {
        return (Some(Finding::interrupted()), Said::new());
    }
    let mut child = match start(command, dir) {
        Ok(child) => child,
        Err(error) => return (Some(not_started(command, &error)), Said::new()),
    };
    let tails = [("stdout", child.stdout.take().map(Tail::of)), ("stderr", child.stderr.take().map(Tail::of))];
    let end = wait(&mut child, deadline, interrupt);
    let said: Said = tails
        .into_iter()
        .flat_map(|(name, tail)| tail.map(Tail::lines).unwrap_or_default().into_iter().map(move |line| (name, line)))
        .collect();
    (finding(end, deadline, &said), said)
}

fn start(command: &CommandSpec, dir: &Path) -> std::io::Result<Child> {
    let dir = dir.canonicalize()?;
    let (program, words) = command.words.split_first().ok_or(ErrorKind::InvalidInput)?;
    let mut process = Command::new(program_in(program, &dir));
    process.args(words).current_dir(&dir).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    own_group(&mut process);
    process.spawn()
}

/// A program with a folder in its name is one of the project; others are found as always.
fn program_in(program: &str, dir: &Path) -> PathBuf {
    if program.contains('/') { dir.join(program) } else { program.into() }
}

/// Whether the program of a command is there. It is not run.
pub fn is_there(command: &CommandSpec, dir: &Path) -> bool {
    let Some(program) = command.words.first() else { return false };
    let path = program_in(program, dir);
    let found = |dir: PathBuf| dir.join(program).is_file();
    if program.contains('/') { path.is_file() } else { std::env::var_os("PATH").is_some_and(|all| std::env::split_paths(&all).any(found)) }
}

fn not_started(command: &CommandSpec, error: &std::io::Error) -> Finding {
    let program = command.words.first().map(String::as_str).unwrap_or_default();
    let finding = Finding::undecided("command", format!("{program} cannot be started: {error}"));
    finding.with_remedy(match error.kind() {
        ErrorKind::NotFound => "paths are relative to the project's folder; a script needs an interpreter that is there, too",
        ErrorKind::PermissionDenied => "make it executable: chmod +x",
        _ => "try it in the project's folder",
    })
}

/// How a command ended.
enum End {
    Exit(ExitStatus),
    Timeout,
    Interrupted,
    Lost(std::io::Error),
}

fn wait(child: &mut Child, deadline: Deadline, interrupt: &Interrupt) -> End {
    loop {
        let end = match child.try_wait() {
            Ok(Some(status)) => return End::Exit(status),
            Ok(None) if interrupt.is_thrown() => End::Interrupted,
            Ok(None) if Instant::now() >= deadline.at => End::Timeout,
            Ok(None) => {
                thread::sleep(GLANCE);
                continue;
            }
            Err(error) => End::Lost(error),
        };
        stop(child);
        return end;
    }
}

/// Tells a command to end, and ends it if it does not.
fn stop(child: &mut Child) {
    signal(child, Ask::End);
    let patience = Instant::now() + GRACE;
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() >= patience {
            signal(child, Ask::Die);
            // It is dead, or nobody can end it.
            let _ = child.wait();
            return;
        }
        thread::sleep(GLANCE);
    }
}

enum Ask {
    End,
    Die,
}

/// What a command starts itself ends with it.
#[cfg(unix)]
fn own_group(process: &mut Command) {
    use std::os::unix::process::CommandExt;
    process.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

#[cfg(unix)]
fn signal(child: &mut Child, ask: Ask) {
    use nix::sys::signal::{Signal, killpg};
    let signal = match ask {
        Ask::End => Signal::SIGTERM,
        Ask::Die => Signal::SIGKILL,
    };
    // A group that is gone needs no signal.
    let _ = i32::try_from(child.id()).map(|id| killpg(nix::unistd::Pid::from_raw(id), signal));
}

#[cfg(not(unix))]
fn signal(child: &mut Child, _: Ask) {
    let _ = child.kill();
}

/// 0 goes and 1 does not; whatever else happened says nothing of what was asked.
fn finding(end: End, deadline: Deadline, said: &Said) -> Option<Finding> {
    let undecided = |message: String| Some(Finding::undecided("command", message));
    let status = match end {
        End::Exit(status) => status,
        End::Timeout => {
            let message = format!("it was ended at the time limit of {} s", deadline.seconds);
            return Some(Finding::undecided("timeout", message).with_remedy("raise its `timeout`, or --timeout"));
        }
        End::Interrupted => return Some(Finding::interrupted()),
        End::Lost(error) => return undecided(format!("nobody knows how it ended: {error}")),
    };
    let last = said.last().map(|(_, line)| format!(": {line}")).unwrap_or_default();
    match status.code() {
        Some(0) => None,
        Some(1) => Some(Finding::new(Verdict::Fail, "command", format!("exit status 1{last}"))),
        Some(code) => undecided(format!("exit status {code}, which is neither 0 for go nor 1 for no-go{last}")),
        None => undecided(format!("it was ended by {status}{last}")),
    }
}

/// The last lines, those of standard error first where there are too many.
fn table(said: &Said) -> Option<Table> {
    let column = |name: &str| Column { name: name.to_owned(), kind: Kind::Text };
    let mut rows = Table::new(vec![column("stream"), column("line")]);
    for (stream, line) in said.iter().skip(said.len().saturating_sub(LINES)) {
        rows.push([Value::text(*stream), Value::text(line.as_str())]);
    }
    (!rows.is_empty()).then_some(rows)
}

/// The last bytes of a stream, read as they come so that nobody waits for a reader.
struct Tail {
    bytes: Arc<Mutex<VecDeque<u8>>>,
    reader: JoinHandle<()>,
}

impl Tail {
    fn of(mut stream: impl Read + Send + 'static) -> Self {
        let bytes: Arc<Mutex<VecDeque<u8>>> = Arc::default();
        let kept = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut buffer) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend(&buffer[..read]);
                let surplus = kept.len().saturating_sub(KEPT);
                kept.drain(..surplus);
            }
        });
        Self { bytes, reader }
    }

    /// The last lines, without what a terminal would not show. A stream that somebody else keeps open is not waited for.
    fn lines(self) -> Vec<String> {
        let patience = Instant::now() + Duration::from_millis(500);
        while !self.reader.is_finished() && Instant::now() < patience {
            thread::sleep(GLANCE);
        }
        let bytes: Vec<u8> = self.bytes.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        let text = plain(&String::from_utf8_lossy(&bytes));
        let lines: Vec<String> =
            text.lines().filter(|line| !line.trim().is_empty()).map(|line| line.chars().take(WIDTH).collect()).collect();
        lines[lines.len().saturating_sub(LINES)..].to_vec()
    }
}

/// A text without colours and control characters.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' if chars.next_if_eq(&'[').is_some() => while chars.next().is_some_and(|c| !c.is_ascii_alphabetic()) {},
            '\t' => plain.push(' '),
            '\n' => plain.push(c),
            c if c.is_control() => {}
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_a_terminal_would_not_show_is_left_out() {
        assert_eq!(plain("\u{1b}[1;31mno\u{1b}[0m\r\n\tway\u{7}\u{1b}"), "no\n way");
    }
}
