//! The priority of threads. Only Linux, on which the functions run, has one per thread.

use std::io;

/// A thread, by the kernel's id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thread {
    #[cfg(target_os = "linux")]
    id: rustix::thread::Pid,
}

impl Thread {
    pub(super) fn current() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            id: rustix::thread::gettid(),
        }
    }

    /// Gives the thread the lowest priority. Raising it again needs privileges.
    pub(super) fn put_last(self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        rustix::process::setpriority_process(Some(self.id), 19)?;
        Ok(())
    }
}
