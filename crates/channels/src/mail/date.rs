//! The `Date` field (RFC 5322, section 3.3), with the obsolete and the merely common forms.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

/// Reads a date; none when there is no day, month and year in it. Without a zone the time is taken as UTC.
pub fn parse(value: &str) -> Option<Timestamp> {
    let words = words(value);
    let mut reading = Reading::default();
    for word in &words {
        reading.take(word);
    }
    reading.timestamp()
}

#[derive(Default)]
struct Reading {
    day: Option<i8>,
    month: Option<i8>,
    year: Option<i16>,
    time: Option<Time>,
    afternoon: Option<bool>,
    offset_seconds: Option<i32>,
    /// A time of day that no clock shows, such as 25:00.
    impossible: bool,
}

impl Reading {
    fn take(&mut self, word: &str) {
        let taken = self.take_iso_date(word)
            || self.take_dashed_date(word)
            || self.take_time(word)
            || self.take_offset(word)
            || self.take_month(word)
            || self.take_number(word);
        if !taken {
            self.take_zone_name(word);
        }
    }

    fn take_iso_date(&mut self, word: &str) -> bool {
        let (date, time) = word.split_once('T').unwrap_or((word, ""));
        let Ok(date) = date.parse::<Date>() else {
            return false;
        };
        (self.year, self.month, self.day) =
            (Some(date.year()), Some(date.month()), Some(date.day()));
        let (clock, zone) = time.split_at(time.find(['Z', '+', '-']).unwrap_or(time.len()));
        if !clock.is_empty() {
            self.take_time(clock);
            self.take_offset(zone);
        }
        true
    }

    /// `5-Jan-2001`.
    fn take_dashed_date(&mut self, word: &str) -> bool {
        let pieces: Vec<&str> = word.split('-').collect();
        let [day, month, year] = pieces.as_slice() else {
            return false;
        };
        if self.month.is_some() || month_number(month).is_none() {
            return false;
        }
        self.take_number(day) && self.take_month(month) && self.take_number(year)
    }

    fn take_time(&mut self, word: &str) -> bool {
        if self.time.is_some() || !(word.contains(':') || dotted_time(word)) {
            return false;
        }
        // A zone that hangs on to the time: `12:00:00+0100`.
        let split = word.find(['+', '-']).unwrap_or(word.len());
        let (clock, zone) = word.split_at(split);
        let clock = clock.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let numbers: Option<Vec<i8>> = clock
            .split([':', '.'])
            .take(3)
            .map(|piece| piece.parse().ok())
            .collect();
        let Some(numbers) = numbers else {
            return false;
        };
        let second = numbers.get(2).copied().unwrap_or(0).min(59);
        let time = match numbers.as_slice() {
            [hour, minute, ..] => Time::new(*hour, *minute, second, 0).ok(),
            _ => None,
        };
        self.time = time;
        self.impossible |= time.is_none();
        if !zone.is_empty() {
            self.take_offset(zone);
        }
        time.is_some()
    }

    fn take_offset(&mut self, word: &str) -> bool {
        let (sign, digits) = match word.as_bytes().first() {
            Some(b'+') => (1, &word[1..]),
            Some(b'-') => (-1, &word[1..]),
            Some(b'Z') if word.len() == 1 => (1, "0000"),
            _ => return false,
        };
        let digits: String = digits.chars().filter(|c| *c != ':').collect();
        // What is longer is no offset, and no number of seconds that could be counted.
        let is_offset = digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let Some(number) = digits.parse::<i32>().ok().filter(|_| is_offset) else {
            return false;
        };
        let (hours, minutes) = if digits.len() <= 2 {
            (number, 0)
        } else {
            (number / 100, number % 100)
        };
        self.offset_seconds = Some(sign * (hours * 3600 + minutes * 60));
        true
    }

    fn take_month(&mut self, word: &str) -> bool {
        match month_number(word) {
            Some(month) if self.month.is_none() => {
                self.month = Some(month);
                true
            }
            _ => false,
        }
    }

    fn take_number(&mut self, word: &str) -> bool {
        let Ok(number) = word.parse::<i16>() else {
            return false;
        };
        if self.day.is_none() && (1..=31).contains(&number) {
            self.day = i8::try_from(number).ok();
        } else if self.year.is_none() && number >= 0 {
            self.year = Some(full_year(number, word.len()));
        } else {
            return false;
        }
        true
    }

    fn take_zone_name(&mut self, word: &str) {
        match word.to_ascii_uppercase().as_str() {
            "AM" => self.afternoon = Some(false),
            "PM" => self.afternoon = Some(true),
            name => {
                // `GMT+0200`, as browsers write it.
                let offset = ["GMT", "UTC", "UT"]
                    .into_iter()
                    .find_map(|zone| name.strip_prefix(zone));
                if offset.is_some_and(|offset| self.take_offset(offset)) {
                    return;
                }
                if self.offset_seconds.is_none()
                    && let Some(hours) = zone_hours(name)
                {
                    self.offset_seconds = Some(hours * 3600);
                }
            }
        }
    }

    fn timestamp(&self) -> Option<Timestamp> {
        if self.impossible {
            return None;
        }
        let date = Date::new(self.year?, self.month?, self.day?).ok()?;
        let mut time = self.time.unwrap_or(Time::midnight());
        let hour = time.hour();
        match self.afternoon {
            Some(true) if hour < 12 => time = time.with().hour(hour + 12).build().ok()?,
            Some(false) if hour == 12 => time = time.with().hour(0).build().ok()?,
            _ => {}
        }
        let offset = Offset::from_seconds(self.offset_seconds.unwrap_or(0)).ok()?;
        offset.to_timestamp(date.to_datetime(time)).ok()
    }
}

/// The words of a date, comments in brackets left out.
fn words(value: &str) -> Vec<String> {
    let mut plain = String::with_capacity(value.len().min(256));
    let mut depth = 0_usize;
    for c in value.chars().take(1_000) {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn dotted_time(word: &str) -> bool {
    word.contains('.') && word.chars().all(|c| c.is_ascii_digit() || c == '.') && word.len() <= 8
}

fn full_year(number: i16, digits: usize) -> i16 {
    match (digits, number) {
        (..=2, 0..=68) => 2000 + number,
        (..=3, 0..=999) => 1900 + number,
        _ => number,
    }
}

fn month_number(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let start = word.get(..3)?.to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| *month == start)?;
    i8::try_from(index + 1).ok()
}

fn zone_hours(name: &str) -> Option<i32> {
    Some(match name {
        "UT" | "UTC" | "GMT" | "WET" => 0,
        "CET" | "MET" | "BST" | "WEST" => 1,
        "CEST" | "MEST" | "EET" => 2,
        "EEST" | "MSK" => 3,
        "JST" | "KST" => 9,
        "ADT" => -3,
        "EDT" | "AST" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" | "AKDT" => -8,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: &str) {
        let read = parse(value).map(|date| date.to_string());
        assert_eq!(
            read.as_deref(),
            Some(expected).filter(|text| !text.is_empty()),
            "{value}"
        );
    }

    #[test]
    fn reads_the_forms_of_a_date() {
        check("Thu, 4 May 2023 10:35:52 +0530", "2023-05-04T05:05:52Z");
        check("4 May 2023 10:35 GMT", "2023-05-04T10:35:00Z");
        check("Thu, 04 May 23 10:35:52 EDT", "2023-05-04T14:35:52Z");
        check("Thu May  4 10:35:52 2023", "2023-05-04T10:35:52Z");
        check(
            "4-May-2023 10:35:52 -0000 (comment (nested))",
            "2023-05-04T10:35:52Z",
        );
        check("2023-05-04T10:35:52+02:00", "2023-05-04T08:35:52Z");
        check("Thu, 4 May 2023 10:35:52+0200", "2023-05-04T08:35:52Z");
        check(
            "Thu May 04 2023 10:35:52 GMT+0200 (CEST)",
            "2023-05-04T08:35:52Z",
        );
        check("Thu, 31 Dec 2016 23:59:60 +0000", "2016-12-31T23:59:59Z");
    }

    #[test]
    fn refuses_what_is_no_date() {
        for value in [
            "",
            "soon",
            "31 Feb 2023 10:00",
            "99999 99999",
            "May",
            "4 May 2023 10:35 +7777777",
            "4 May 2023 10:35 +9999999999999",
        ] {
            let _ = parse(value);
        }
        check("31 Feb 2023 10:00 +0000", "");
        check("4 May 2023 25:00:00 +0000", "");
        check("tomorrow", "");
    }
}
