//! Ctrl-C: one flag for the run, and the hooks that cancel what is running.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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

    /// Calls `hook` when the switch is thrown.
    pub fn on_throw(&self, hook: impl Fn() + Send + 'static) {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(hook));
    }
}
