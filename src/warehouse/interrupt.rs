//! Ctrl-C: one flag for the run, and the hooks that cancel what is running.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often one who waits looks at the switch.
const GLANCE: Duration = Duration::from_millis(50);

type Hook = Box<dyn Fn() + Send>;

/// A switch that is thrown once. Clones share it.
#[derive(Clone, Default)]
pub struct Interrupt {
    thrown: Arc<AtomicBool>,
    hooks: Arc<Mutex<Vec<Hook>>>,
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt").field("thrown", &self.is_thrown()).finish_non_exhaustive()
    }
}

impl Interrupt {
    /// Throws the switch and calls every hook.
    pub fn throw(&self) {
        self.thrown.store(true, Ordering::SeqCst);
        for hook in self.hooks.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            hook();
        }
    }

    /// Whether the switch has been thrown.
    pub fn is_thrown(&self) -> bool {
        self.thrown.load(Ordering::SeqCst)
    }

    /// Waits so long, or until the switch is thrown; whether it is.
    pub fn wait(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while !self.is_thrown() && Instant::now() < end {
            thread::sleep(GLANCE.min(end.saturating_duration_since(Instant::now())));
        }
        self.is_thrown()
    }

    /// Calls `hook` when the switch is thrown.
    pub fn on_throw(&self, hook: impl Fn() + Send + 'static) {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(hook));
    }
}
