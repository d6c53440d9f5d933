//! The priority of threads. Only Linux, where the functions run, knows one for each.

use std::io;

/// A thread, as the kernel names it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thread {
    #[cfg(target_os = "linux")]
    id: rustix::thread::Pid,
}

impl Thread {
    /// The one that asks.
    pub(super) fn current() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            id: rustix::thread::gettid(),
        }
    }

    /// From now on it runs when hardly anything else wants to. There is no way back without privileges.
    pub(super) fn put_last(self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        rustix::process::setpriority_process(Some(self.id), 19)?;
        Ok(())
    }
}
