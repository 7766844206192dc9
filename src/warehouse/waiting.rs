//! Waiting for a network without waiting for ever: every future ends at the deadline or at Ctrl-C.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use super::{Deadline, Interrupt, QueryError};

/// How often Ctrl-C is looked for.
const PATIENCE: Duration = Duration::from_millis(50);

/// The runtime of one engine. Statements of several threads share it.
#[derive(Debug)]
pub(super) struct Waiting {
    runtime: Option<Runtime>,
    interrupt: Interrupt,
}

impl Waiting {
    /// A runtime that runs only while somebody waits for it.
    ///
    /// # Errors
    /// What the system refuses.
    pub(super) fn new(interrupt: &Interrupt) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime: Some(runtime), interrupt: interrupt.clone() })
    }

    /// Runs a future to its end.
    pub(super) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.as_ref().expect("it is only taken on drop").block_on(work)
    }

    /// The output of a future, unless the deadline or Ctrl-C comes first; it is dropped then.
    ///
    /// # Errors
    /// [`QueryError::Timeout`] or [`QueryError::Interrupted`].
    pub(super) async fn until<T>(&self, deadline: Deadline, work: impl Future<Output = T>) -> Result<T, QueryError> {
        tokio::select! {
            biased;
            stopped = self.stop(deadline) => Err(stopped),
            output = work => Ok(output),
        }
    }

    async fn stop(&self, deadline: Deadline) -> QueryError {
        loop {
            if self.interrupt.is_thrown() {
                return QueryError::Interrupted;
            }
            let Some(left) = deadline.at.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
                return QueryError::Timeout(deadline.seconds);
            };
            tokio::time::sleep(left.min(PATIENCE)).await;
        }
    }
}

impl Drop for Waiting {
    /// A look-up of a name that hangs is not waited for.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
