//! What arithmetic on calendars costs: `cargo bench -p mainstay-calendar`.
//!
//! The instants lie ten years after the start and the calendar has fifteen holidays in each year. Except for `first_use`,
//! the eras between have been used before.

use std::hint::black_box;

use divan::Bencher;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use mainstay_calendar::{Calendar, CalendarSpec, Holiday, TimeOfDay, TimeRange, Weekly};

fn main() {
    divan::main();
}

#[divan::bench]
fn add_ten_years(bencher: Bencher) {
    let calendar = desk("Europe/Madrid");
    let open = calendar.elapsed(start(), ten_years_later());
    bencher.bench_local(|| calendar.add(black_box(start()), black_box(open)));
}

#[divan::bench]
fn subtract_ten_years(bencher: Bencher) {
    let calendar = desk("Europe/Madrid");
    let open = calendar.elapsed(start(), ten_years_later());
    bencher.bench_local(|| calendar.subtract(black_box(ten_years_later()), black_box(open)));
}

#[divan::bench]
fn elapsed_over_ten_years(bencher: Bencher) {
    let calendar = desk("Europe/Madrid");
    bencher.bench_local(|| calendar.elapsed(black_box(start()), black_box(ten_years_later())));
}

/// The same with other instants and durations each time, which a processor cannot learn by heart.
#[divan::bench]
fn add_about_ten_years_anywhere(bencher: Bencher) {
    let calendar = desk("Europe/Madrid");
    let mut random = 1_u64;
    bencher
        .with_inputs(|| {
            let start = start() + pseudo_random(&mut random, 1000 * 24);
            (
                start,
                SignedDuration::from_hours(18_000) + pseudo_random(&mut random, 4000),
            )
        })
        .bench_local_values(|(start, open)| calendar.add(start, open));
}

/// The same with other instants each time.
#[divan::bench]
fn elapsed_over_about_ten_years_anywhere(bencher: Bencher) {
    let calendar = desk("Europe/Madrid");
    let mut random = 1_u64;
    bencher
        .with_inputs(|| {
            let hours = 1000 * 24;
            let start = start() + pseudo_random(&mut random, hours);
            (start, ten_years_later() + pseudo_random(&mut random, hours))
        })
        .bench_local_values(|(start, end)| calendar.elapsed(start, end));
}

#[divan::bench]
fn add_four_hours(bencher: Bencher) {
    let calendar = desk("Europe/Madrid");
    let open = SignedDuration::from_hours(4);
    bencher.bench_local(|| calendar.add(black_box(start()), black_box(open)));
}

#[divan::bench]
fn elapsed_over_a_week(bencher: Bencher) {
    let calendar = desk("Europe/Madrid");
    let end = start() + SignedDuration::from_hours(7 * 24);
    bencher.bench_local(|| calendar.elapsed(black_box(start()), black_box(end)));
}

#[divan::bench]
fn follow_the_sun_add_ten_years(bencher: Bencher) {
    let desks = ["Europe/Madrid", "America/New_York", "Asia/Tokyo"].map(desk);
    let calendar = Calendar::union(&desks).expect("three desks are a union");
    let open = calendar.elapsed(start(), ten_years_later());
    bencher.bench_local(|| calendar.add(black_box(start()), black_box(open)));
}

#[divan::bench]
fn always_add_ten_years(bencher: Bencher) {
    let calendar = Calendar::always();
    let open = calendar.elapsed(start(), ten_years_later());
    bencher.bench_local(|| calendar.add(black_box(start()), black_box(open)));
}

#[divan::bench]
fn is_open(bencher: Bencher) {
    let calendar = desk("Europe/Madrid");
    bencher.bench_local(|| calendar.is_open(black_box(ten_years_later())));
}

#[divan::bench]
fn closed_reason(bencher: Bencher) {
    let calendar = desk("Europe/Madrid");
    bencher.bench_local(|| calendar.closed_reason(black_box(start())));
}

/// Compiling the calendar and building the eras of ten years.
#[divan::bench]
fn first_use_over_ten_years() -> SignedDuration {
    desk("Europe/Madrid").elapsed(black_box(start()), black_box(ten_years_later()))
}

/// The same so far ahead that no era is kept.
#[divan::bench]
fn elapsed_over_ten_years_beyond_the_kept_eras(bencher: Bencher) {
    let calendar = desk("Europe/Madrid");
    let shift = SignedDuration::from_hours(1000 * 8766);
    let (start, end) = (start() + shift, ten_years_later() + shift);
    bencher.bench_local(|| calendar.elapsed(black_box(start), black_box(end)));
}

/// Two windows a day from Monday to Friday, and fifteen holidays a year.
fn desk(zone: &str) -> Calendar {
    let time = |hour| TimeOfDay::new(hour, 0).expect("the hour exists");
    let mut weekly = Weekly::monday_to_friday(TimeRange::new(time(9), time(14)));
    for ranges in [
        &mut weekly.monday,
        &mut weekly.tuesday,
        &mut weekly.wednesday,
        &mut weekly.thursday,
        &mut weekly.friday,
    ] {
        ranges.push(TimeRange::new(time(16), time(19)));
    }
    let mut spec = CalendarSpec::new(zone, weekly);
    for year in 2025..2040 {
        spec.holidays.extend((0..15).map(|number| Holiday {
            date: date(year, number % 12 + 1, 2 * number + 1 - number / 14 * 6),
            name: None,
        }));
    }
    Calendar::new(spec).expect("the desk is valid")
}

/// A duration below a number of hours, the next of a fixed sequence.
fn pseudo_random(state: &mut u64, hours: u64) -> SignedDuration {
    // Knuth's linear congruential generator (MMIX).
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    let microseconds = (*state >> 20) % (hours * 3_600_000_000);
    SignedDuration::from_micros(microseconds.cast_signed())
}

fn start() -> Timestamp {
    // A Saturday, so that the start is closed.
    Timestamp::constant(1_795_250_000, 0)
}

fn ten_years_later() -> Timestamp {
    start() + SignedDuration::from_hours(10 * 8766)
}
