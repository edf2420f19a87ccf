//! A second opinion on every ledger: clocks that are counted minute by minute.

use jiff::{SignedDuration, Timestamp};

use super::notation::instant;
use crate::clock::Clock;

/// What the second opinion says of a clock.
#[derive(Debug, PartialEq)]
pub struct Opinion {
    started: u32,
    ended: Option<u32>,
    used: u32,
    missed: Option<u32>,
    due: Option<u32>,
}

/// A clock that is counted minute by minute, in all ways of counting at once.
#[derive(Clone)]
struct Count {
    started: u32,
    ended: Option<u32>,
    ended_with_ticket: bool,
    /// The minutes that count around the clock, and those that count in office hours.
    used: [u32; 2],
    used_at_end: u32,
    missed: Option<u32>,
}

/// A ticket that is lived through minute by minute, and the clocks of one commitment on it.
#[derive(Clone)]
pub struct Simulation<'a> {
    commitment: &'a str,
    reopen: &'a str,
    counts: Vec<Count>,
    status: &'a str,
    is_p2: bool,
    is_office: bool,
}

impl<'a> Simulation<'a> {
    /// Counts the clocks of a commitment until `now`: the first happening opens the ticket, whatever it says.
    pub fn run(
        commitment: &'a str,
        reopen: &'a str,
        ledger: &[(u32, &str)],
        now: u32,
    ) -> Vec<Opinion> {
        let mut simulation = Self {
            commitment,
            reopen,
            counts: Vec::new(),
            status: "new",
            is_p2: false,
            is_office: true,
        };
        let mut left = ledger.iter().enumerate().peekable();
        for minute in 0..=now {
            while let Some((place, (_, what))) = left.next_if(|(_, (at, _))| *at == minute) {
                simulation.happen(if place == 0 { "opens" } else { what }, minute);
            }
            simulation.note_miss(minute);
            if minute < now {
                simulation.pass(minute);
            }
        }
        (0..simulation.counts.len())
            .map(|index| simulation.opinion(index, now))
            .collect()
    }

    fn happen(&mut self, what: &str, minute: u32) {
        let was_done = self.status == "resolved";
        match what {
            "opens" => self.start(minute),
            "customer writes" if self.commitment == "next_response" => self.start(minute),
            "agent writes" if self.commitment == "next_response" => self.stop(minute, false),
            "agent severity P2" => self.is_p2 = true,
            "agent severity P3" => self.is_p2 = false,
            "agent terms tier=Gold" => self.is_office = false,
            "agent terms tier=Silver" => self.is_office = true,
            "agent status on_hold" => self.status = "on_hold",
            "agent status resolved" => self.status = "resolved",
            "agent status open" | "customer status open" => self.status = "open",
            _ => {}
        }
        let is_done = self.status == "resolved";
        if is_done && !was_done {
            self.stop(minute, true);
        }
        if was_done && !is_done && self.commitment == "resolution" {
            self.reopen(minute);
        }
    }

    fn start(&mut self, minute: u32) {
        if self.counts.last().is_none_or(|count| count.ended.is_some()) {
            self.counts.push(Count {
                started: minute,
                ended: None,
                ended_with_ticket: false,
                used: [0, 0],
                used_at_end: 0,
                missed: None,
            });
        }
    }

    fn stop(&mut self, minute: u32, with_ticket: bool) {
        let place = usize::from(self.is_office);
        if let Some(count) = self.counts.last_mut()
            && count.ended.is_none()
        {
            count.ended = Some(minute);
            count.ended_with_ticket = with_ticket;
            count.used_at_end = count.used[place];
        }
    }

    fn reopen(&mut self, minute: u32) {
        let ended_with_ticket = self
            .counts
            .last()
            .is_some_and(|last| last.ended_with_ticket);
        if self.reopen.contains("new") && ended_with_ticket {
            self.start(minute);
        } else if self.reopen.contains("resume")
            && let Some(last) = self.counts.last_mut()
        {
            last.ended = None;
        }
    }

    fn target(&self) -> u32 {
        match (self.commitment, self.is_p2) {
            ("resolution", true) => 180,
            ("resolution", false) => 480,
            (_, true) => 60,
            (_, false) => 300,
        }
    }

    fn note_miss(&mut self, minute: u32) {
        let (target, place) = (self.target(), usize::from(self.is_office));
        if let Some(count) = self.counts.last_mut()
            && count.ended.is_none()
            && count.used[place] >= target
            && count.missed.is_none()
        {
            count.missed = Some(minute);
        }
    }

    fn is_running(&self) -> bool {
        !(self.commitment == "resolution" && self.status == "on_hold")
            && self.counts.last().is_some_and(|last| last.ended.is_none())
    }

    fn pass(&mut self, minute: u32) {
        if !self.is_running() {
            return;
        }
        let (day, hour) = (minute / 1440 % 7, minute / 60 % 24);
        // The next Thursday is none of the holidays.
        let is_open = day < 5 && minute / 1440 != 3 && (9..17).contains(&hour);
        if let Some(count) = self.counts.last_mut() {
            count.used[0] += 1;
            count.used[1] += u32::from(is_open);
        }
    }

    fn opinion(&self, index: usize, now: u32) -> Opinion {
        let count = &self.counts[index];
        let is_open = count.ended.is_none();
        Opinion {
            started: count.started,
            ended: count.ended,
            used: if is_open {
                count.used[usize::from(self.is_office)]
            } else {
                count.used_at_end
            },
            missed: count.missed,
            due: (is_open && count.missed.is_none() && self.is_running()).then(|| self.due(now)),
        }
    }

    /// Lets time pass without any happening until the clock is missed.
    fn due(&self, now: u32) -> u32 {
        let mut ahead = self.clone();
        let mut minute = now;
        while ahead
            .counts
            .last()
            .is_some_and(|last| last.missed.is_none())
        {
            ahead.pass(minute);
            minute += 1;
            ahead.note_miss(minute);
        }
        minute
    }
}

/// What a clock says, in the words of the second opinion.
pub fn opinion_of(clock: &Clock) -> Opinion {
    let minutes = |time: SignedDuration| u32::try_from(time.as_mins()).unwrap();
    let minute = |at: Timestamp| minutes(at.duration_since(instant("00:00")));
    Opinion {
        started: minute(clock.started_at),
        ended: clock.outcome.as_ref().map(|outcome| minute(outcome.at)),
        used: minutes(clock.used),
        missed: clock.missed_at.map(minute),
        due: clock
            .due_at
            .filter(|_| clock.is_open() && !clock.is_paused() && clock.missed_at.is_none())
            .map(minute),
    }
}
