//! Driving a load: as fast as it is answered (closed loop), or at a fixed rate whatever the answers do (open loop).

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::tally::Tallies;
use super::target::Target;
use super::work::{Load, Scene, Sender};
use crate::Failure;

/// How a load is driven.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Over so many connections, each of which waits for its answer.
    pub connections: u32,
    /// So many requests a second together; as many as are answered when absent.
    pub rate: Option<f64>,
    /// For so long nothing is counted.
    pub warm_up: Duration,
    /// For so long afterwards everything is.
    pub time: Duration,
}

/// What came of it.
#[derive(Debug)]
pub struct Driven {
    /// What was counted.
    pub tallies: Tallies,
    /// How many were answered well, with those of the time in which nothing was counted.
    pub answered_in_all: u64,
    /// When it began.
    pub began: Instant,
    /// How long was counted, in seconds.
    pub seconds: f64,
}

/// Drives a load.
///
/// In the open loop a request's time begins when it was to be sent, not when a connection was free for it: what the service keeps
/// waiting is counted as waiting.
///
/// # Errors
/// Fails when no connection can be made.
pub async fn drive(
    target: &Target,
    scene: &Arc<Scene>,
    load: Load,
    pace: Pace,
    seed: u64,
) -> Result<Driven, Failure> {
    let mut wires = Vec::new();
    for _ in 0..pace.connections {
        wires.push(target.connect().await?);
    }
    let began = Instant::now();
    let (counted_from, ends) = (began + pace.warm_up, began + pace.warm_up + pace.time);
    let mut running = JoinSet::new();
    for (place, mut wire) in (0..pace.connections).zip(wires) {
        let mut sender = Sender::new(
            load,
            Arc::clone(scene),
            seed.wrapping_mul(1_000).wrapping_add(u64::from(place)),
        );
        running.spawn(async move {
            let (mut tallies, mut in_all) = (Tallies::default(), 0);
            let mut turns = Turns::of(pace, place, began);
            while let Some(due) = turns.next(ends) {
                sleep_until(due).await;
                let due = if pace.rate.is_some() {
                    due
                } else {
                    Instant::now()
                };
                let (kind, question) = sender.next();
                let outcome = wire.send(&question).await;
                let ended = Instant::now();
                let counts = due >= counted_from && due < ends;
                match outcome {
                    Ok(answer) if answer.status.is_success() => {
                        in_all += 1;
                        if counts {
                            tallies.of(kind.name())?.count(ended - due);
                        }
                        sender.learn(kind, &answer);
                    }
                    Ok(answer) => tallies.of(kind.name())?.fail(|| {
                        format!(
                            "{}: {}",
                            answer.status,
                            String::from_utf8_lossy(&answer.body)
                        )
                    }),
                    Err(failure) => {
                        tallies
                            .of(kind.name())?
                            .fail(|| failure.message().to_owned());
                        wire = wire.anew().await?;
                    }
                }
            }
            Ok::<_, Failure>((tallies, in_all))
        });
    }
    let (mut tallies, mut answered_in_all) = (Tallies::default(), 0);
    while let Some(ended) = running.join_next().await {
        let (part, in_all) =
            ended.map_err(|error| Failure::new(format!("a sender broke off: {error}")))??;
        tallies.add(&part)?;
        answered_in_all += in_all;
    }
    Ok(Driven {
        tallies,
        answered_in_all,
        began,
        seconds: pace.time.as_secs_f64(),
    })
}

/// When one of several senders is to send.
#[derive(Debug)]
struct Turns {
    next: Instant,
    /// How long from one of its turns to the next; at once when absent.
    every: Option<Duration>,
}

impl Turns {
    fn of(pace: Pace, place: u32, began: Instant) -> Self {
        let Some(rate) = pace.rate else {
            return Self {
                next: began,
                every: None,
            };
        };
        let apart = Duration::from_secs_f64(1.0 / rate);
        Self {
            next: began + apart * place,
            every: Some(apart * pace.connections),
        }
    }

    /// The next turn before the end. One that has passed already is taken at once.
    fn next(&mut self, ends: Instant) -> Option<Instant> {
        let due = match self.every {
            Some(every) => {
                let due = self.next;
                self.next += every;
                due
            }
            None => Instant::now(),
        };
        (due < ends).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn senders_take_turns_at_the_rate_that_is_asked_for() {
        let began = Instant::now();
        let pace = Pace {
            connections: 4,
            rate: Some(100.0),
            warm_up: Duration::ZERO,
            time: Duration::from_secs(1),
        };
        let ends = began + pace.time;
        let mut turns = Vec::new();
        for place in 0..pace.connections {
            let mut own = Turns::of(pace, place, began);
            while let Some(turn) = own.next(ends) {
                turns.push(turn - began);
            }
        }
        turns.sort_unstable();
        let expected: Vec<Duration> = (0..100)
            .map(|turn| Duration::from_millis(10 * turn))
            .collect();
        assert_eq!(turns, expected);
    }
}
