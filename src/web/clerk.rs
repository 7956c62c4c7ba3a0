//! A clerk: one thread that owns a desk and does what it is asked, in order.
//!
//! The register is read and written by one thread, so nothing needs a lock and a slow answer shows as a queue, which has an end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use tokio::sync::oneshot;

use crate::workflow::desk::Desk;
use crate::workflow::register::{Edge, RegisterError};

/// What waits at most; more than that is told to come back.
const LONGEST_QUEUE: usize = 256;

type Job = Box<dyn FnOnce(&mut Option<Desk>, &dyn Fn() -> Result<Desk, RegisterError>) + Send>;

/// The way to a clerk; it ends when the last of its kind is dropped.
#[derive(Clone)]
pub(super) struct Clerk {
    jobs: SyncSender<Job>,
}

/// Why a clerk did not do it.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClerkError {
    /// Too much waits already.
    #[error("too much waits")]
    Busy,
    /// It panicked, which is our fault; the desk is opened again for the next one.
    #[error("the work was given up")]
    GivenUp,
    /// What the workflow says.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

impl Clerk {
    /// Starts a clerk, who opens the desk when first asked.
    pub(super) fn start(root: &Path, edge: &Edge) -> Self {
        let (jobs, waiting) = sync_channel(LONGEST_QUEUE);
        let (root, edge) = (root.to_owned(), edge.clone());
        std::thread::spawn(move || work(&root, &edge, &waiting));
        Self { jobs }
    }

    /// Has work done at the desk.
    ///
    /// # Errors
    /// [`ClerkError`].
    pub(super) async fn ask<T: Send + 'static>(&self, work: impl FnOnce(&mut Desk) -> Result<T, RegisterError> + Send + 'static) -> Result<T, ClerkError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |desk, open| {
            let result = match desk {
                Some(desk) => work(desk),
                None => open().and_then(|opened| work(desk.insert(opened))),
            };
            // Whoever asked may have gone away; then nobody is told.
            let _ = reply.send(result);
        });
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => ClerkError::Busy,
            TrySendError::Disconnected(_) => ClerkError::GivenUp,
        })?;
        Ok(answer.await.map_err(|_| ClerkError::GivenUp)??)
    }
}

fn work(root: &Path, edge: &Edge, waiting: &Receiver<Job>) {
    let mut desk: Option<Desk> = None;
    let open = || Desk::open(root, edge.clone());
    while let Ok(job) = waiting.recv() {
        // What a panic left behind is thrown away with the desk.
        if catch_unwind(AssertUnwindSafe(|| job(&mut desk, &open))).is_err() {
            desk = None;
        }
    }
}
