//! Calls that block, with an end: each runs on a thread of its own and is cancelled, or left behind, at the deadline and at Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use adbc_core::CancelHandle;
use adbc_core::error::Status;

use crate::warehouse::{Deadline, Interrupt, QueryError};

/// How often Ctrl-C is looked for, and how often a cancel is repeated: one that comes before the statement has begun is lost.
const PATIENCE: Duration = Duration::from_millis(50);

/// The longest that a cancelled statement is waited for.
const CANCEL: Duration = Duration::from_secs(2);

/// By what the running call is cancelled, and whether it is to end.
#[derive(Default)]
pub(super) struct Cancel {
    handle: Mutex<Option<Arc<dyn CancelHandle>>>,
    stopped: AtomicBool,
}

impl Cancel {
    /// Cancels by this handle from now on.
    pub(super) fn offer(&self, handle: Box<dyn CancelHandle>) {
        *self.handle.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::from(handle));
    }

    /// Whether nobody waits for the answer any more.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Asks the driver to end the call, on a thread because some wait for the server. `false` if it never does so.
    fn ask(&self) -> bool {
        let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner).clone();
        handle.is_none_or(|handle| handle.try_cancel().err().is_none_or(|error| error.status != Status::NotImplemented))
    }
}

/// The outcome of some work, if it comes in time.
///
/// # Errors
/// The work's own, a time-out, or an interrupt.
pub(super) fn in_time<T: Send + 'static>(
    interrupt: &Interrupt,
    deadline: Deadline,
    work: impl FnOnce(&Cancel) -> Result<T, QueryError> + Send + 'static,
) -> Result<T, QueryError> {
    let cancel = Arc::new(Cancel::default());
    let (sender, answer) = channel();
    let of_work = Arc::clone(&cancel);
    let ended = || QueryError::Engine("the driver broke off in the middle of a call".to_owned());
    spawn(move || drop(sender.send(work(&of_work))))?;
    let stopped = loop {
        if interrupt.is_thrown() {
            break QueryError::Interrupted;
        }
        let left = deadline.at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break QueryError::Timeout(deadline.seconds);
        }
        match answer.recv_timeout(left.min(PATIENCE)) {
            Ok(outcome) => return outcome,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(ended()),
        }
    };
    cancel.stopped.store(true, Ordering::SeqCst);
    let finished = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&finished);
    let give_up = Instant::now() + CANCEL;
    spawn(move || {
        while !over.load(Ordering::SeqCst) && Instant::now() < give_up && cancel.ask() {
            thread::sleep(PATIENCE);
        }
    })?;
    let is_left_behind = matches!(answer.recv_timeout(CANCEL), Err(RecvTimeoutError::Timeout));
    finished.store(true, Ordering::SeqCst);
    Err(if is_left_behind { left_behind(stopped) } else { stopped })
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), QueryError> {
    let started = thread::Builder::new().name("adbc".to_owned()).spawn(work);
    started.map(drop).map_err(|error| QueryError::Engine(format!("no thread for the driver: {error}")))
}

/// An interrupt is one, whatever becomes of the statement.
fn left_behind(stopped: QueryError) -> QueryError {
    let QueryError::Timeout(seconds) = stopped else { return stopped };
    QueryError::Explained {
        message: format!("there was no answer within {seconds} s, and the driver did not stop: the statement may go on in the warehouse"),
        remedy: "end it in the warehouse; then narrow the scope, or raise --timeout".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::{Duration, Instant};

    use adbc_core::CancelHandle;
    use adbc_core::error::{Error, Status};

    use super::{Cancel, in_time};
    use crate::warehouse::{Deadline, Interrupt, QueryError};

    fn seconds(seconds: u64) -> Deadline {
        Deadline { at: Instant::now() + Duration::from_secs(seconds), seconds }
    }

    /// Ends what waits at the other end.
    struct Handle(std::sync::Mutex<std::sync::mpsc::Sender<()>>);

    impl CancelHandle for Handle {
        fn try_cancel(&self) -> Result<(), Error> {
            let _ = self.0.lock().expect("no panic").send(());
            Ok(())
        }
    }

    struct Never;

    impl CancelHandle for Never {
        fn try_cancel(&self) -> Result<(), Error> {
            Err(Error::with_message_and_status("", Status::NotImplemented))
        }
    }

    #[test]
    fn a_call_ends_by_itself_or_is_cancelled() {
        let interrupt = Interrupt::default();
        assert_eq!(in_time(&interrupt, seconds(60), |_| Ok(7)), Ok(7));
        let start = Instant::now();
        let waits = |cancel: &Cancel| {
            let (sender, receiver) = channel();
            cancel.offer(Box::new(Handle(sender.into())));
            let _ = receiver.recv();
            Ok(cancel.is_stopped())
        };
        assert_eq!(in_time(&interrupt, seconds(1), waits), Err(QueryError::Timeout(1)));
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        interrupt.throw();
        assert_eq!(in_time(&interrupt, seconds(60), waits), Err(QueryError::Interrupted));
    }

    #[test]
    fn a_call_that_cannot_be_cancelled_is_left_behind_and_said() {
        let start = Instant::now();
        let deaf = |cancel: &Cancel| {
            cancel.offer(Box::new(Never));
            std::thread::sleep(Duration::from_secs(30));
            Ok(())
        };
        let said = in_time(&Interrupt::default(), seconds(1), deaf).expect_err("it takes too long").to_string();
        assert!(said.contains("within 1 s") && said.contains("may go on"), "{said}");
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    }

    #[test]
    fn a_driver_that_breaks_off_is_no_answer() {
        let outcome = in_time(&Interrupt::default(), seconds(60), |_| -> Result<(), QueryError> { panic!("as a driver might") });
        assert!(outcome.is_err_and(|error| error.to_string().contains("broke off")));
    }
}
