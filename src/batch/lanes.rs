//! Work that is shared between threads: taken one after the other, given back in the order it is done.

use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::answer::keep_work_here;

/// Results that may wait for whoever takes them, for each thread.
const WAITING: usize = 4;

/// Has `work` done for everything that `next` gives, on so many threads, and hands the results to `take` on this one.
/// Nothing more is begun once `take` fails; what it failed with is given back.
pub(super) fn run<T: Send, R: Send, E>(
    threads: usize,
    next: impl FnMut() -> Option<T> + Send,
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let next = Mutex::new(next);
    let (give, results) = sync_channel(WAITING * threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            let give = give.clone();
            scope.spawn(|| {
                let (give, _own) = (give, keep_work_here());
                loop {
                    let item = (next.lock().unwrap_or_else(PoisonError::into_inner))();
                    let Some(item) = item else { break };
                    // Nobody takes results any more.
                    if give.send(work(item)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(give);
        // Dropped when `take` fails, so that threads stop after what they have in hand.
        let results = results;
        results.iter().try_for_each(&mut take)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_done_once_and_a_failure_stops_the_rest() {
        let mut numbers = 0..1000;
        let mut seen = Vec::new();
        run(
            4,
            || numbers.next(),
            |number| number * 2,
            |double| {
                seen.push(double);
                Ok::<_, ()>(())
            },
        )
        .unwrap();
        seen.sort_unstable();
        assert_eq!(seen, (0..1000).map(|number| number * 2).collect::<Vec<_>>());
        let mut endless = 0..;
        let stopped = run(
            2,
            || endless.next(),
            |number| number,
            |number| {
                if number < 100 { Ok(()) } else { Err("enough") }
            },
        );
        assert_eq!(stopped, Err("enough"));
    }
}
