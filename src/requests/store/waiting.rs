//! What a process waits for until it may have the database.

/// Why a start waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wait {
    /// Another process has the database.
    Another,
    /// Nobody has it, but whoever had it last didn't let go of it, and may not know yet that it has lost
    /// it. This takes a few seconds.
    Former,
    /// The server of the database is away, so that nobody can have it.
    Server,
}

/// Is told of each wait once, as it begins.
pub(crate) type Waits<'a> = dyn Fn(Wait) + Send + Sync + 'a;

/// Whoever waits, or doesn't.
pub(super) struct Waiting<'a> {
    waits: Option<&'a Waits<'a>>,
    told: Option<Wait>,
}

impl<'a> Waiting<'a> {
    /// Nothing for who doesn't wait for another.
    pub(super) fn new(waits: Option<&'a Waits<'a>>) -> Self {
        Self { waits, told: None }
    }

    /// Whether it waits for another for as long as it takes.
    pub(super) fn is_patient(&self) -> bool {
        self.waits.is_some()
    }

    /// Tells that this is waited for, unless it was told just before.
    pub(super) fn tell(&mut self, wait: Wait) {
        if self.told.replace(wait) != Some(wait)
            && let Some(waits) = self.waits
        {
            waits(wait);
        }
    }
}
