//! Whether this process may act: of several with one database one may, for as long as it can prove that
//! no other does.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// For so long after it was asked for, a proof holds. Whoever comes next waits for longer.
pub(crate) const PROVEN: Duration = Duration::from_secs(5);

/// How it stands with the proof, for all who act because of it.
#[derive(Clone)]
pub(crate) struct Proof(Arc<watch::Sender<Standing>>);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Standing {
    /// It is yet to come.
    Unproven,
    /// It holds until then.
    Until(Instant),
    /// Nobody else can come as long as this process lives.
    ForGood,
    /// Another may be at work, and this process never will be any more.
    Lost,
}

impl Proof {
    /// One that is yet to come.
    pub(crate) fn unproven() -> Self {
        Self(Arc::new(watch::Sender::new(Standing::Unproven)))
    }

    /// For who needs none.
    pub(crate) fn for_good() -> Self {
        Self(Arc::new(watch::Sender::new(Standing::ForGood)))
    }

    /// From now on it holds as long as the process lives.
    pub(crate) fn hold_for_good(&self) {
        self.0.send_replace(Standing::ForGood);
    }

    /// Nobody else was at work when this was `asked` for, and nobody can be for a while. Too late if
    /// the last proof held no longer by the time of the answer.
    pub(crate) fn renew(&self, asked: Instant) {
        if self.holds() || *self.0.borrow() == Standing::Unproven {
            self.0.send_replace(Standing::Until(asked + PROVEN));
        }
    }

    /// Whether this process may act. Once it has lost that, it never may again.
    pub(crate) fn holds(&self) -> bool {
        let is_late = match *self.0.borrow() {
            Standing::ForGood => return true,
            Standing::Unproven | Standing::Lost => return false,
            Standing::Until(end) => Instant::now() >= end,
        };
        if is_late {
            self.lose();
        }
        !is_late
    }

    /// Another may act from now on.
    pub(crate) fn lose(&self) {
        self.0.send_replace(Standing::Lost);
    }

    /// Until this process may act no more.
    pub(crate) async fn lost(&self) {
        let mut standing = self.0.subscribe();
        loop {
            let end = match *standing.borrow_and_update() {
                Standing::Lost => return,
                Standing::Until(end) => Some(end),
                Standing::Unproven | Standing::ForGood => None,
            };
            tokio::select! {
                // This has the sender, too.
                _ = standing.changed() => {}
                () = sleep_until(end.unwrap_or_else(Instant::now)), if end.is_some() => {
                    self.holds();
                }
            }
        }
    }

    /// Does no more of the work than the proof allows: where it holds no longer, the rest is never done.
    pub(crate) async fn while_it_holds<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| if self.holds() { work.as_mut().poll(context) } else { Poll::Pending })
            .await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{advance, timeout};

    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn a_proof_holds_for_5_s_after_it_was_asked_for_and_then_never_again() {
        let proof = Proof::unproven();
        assert!(!proof.holds());
        let asked = Instant::now();
        advance(Duration::from_secs(2)).await;
        proof.renew(asked);
        advance(Duration::from_millis(2_999)).await;
        assert!(proof.holds());
        assert!(timeout(Duration::ZERO, proof.lost()).await.is_err());
        advance(MOMENT).await;
        assert!(!proof.holds());
        proof.renew(Instant::now());
        assert!(!proof.holds());
        proof.lost().await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_comes_when_it_is_over_is_too_late() {
        let proof = Proof::unproven();
        proof.renew(Instant::now());
        advance(PROVEN).await;
        proof.renew(Instant::now());
        assert!(!proof.holds());
    }

    #[tokio::test(start_paused = true)]
    async fn the_loss_is_noticed_by_itself_unless_the_proof_is_renewed() {
        let proof = Proof::unproven();
        let begun = Instant::now();
        proof.renew(begun);
        let renewed = async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            proof.renew(Instant::now());
        };
        tokio::join!(proof.lost(), renewed);
        let noticed = begun.elapsed();
        let over = Duration::from_secs(3) + PROVEN;
        assert!(noticed >= over && noticed < over + 10 * MOMENT, "{noticed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_is_begun_goes_no_further_once_it_does_not_hold() {
        let (proof, mut did) = (Proof::unproven(), 0);
        proof.renew(Instant::now());
        let work = async {
            loop {
                did += 1;
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        };
        let worked = proof.while_it_holds(work);
        assert!(timeout(Duration::from_mins(1), worked).await.is_err());
        assert_eq!(did, 3);
        let done = Proof::for_good();
        assert_eq!(done.while_it_holds(async { 1 }).await, 1);
    }
}
