//! Which received mails show that they concern each other, so that all others can be filed side by side and asked about at once.
//!
//! Two may concern each other all the same, such as answers of two people to different messages of one ticket. They come in either
//! order then, and whichever finds that the other was first is filed anew.

use std::collections::{HashMap, HashSet};

use mainstay_domain::mail::RawMail;

use super::identity::Identity;
use super::reading::Letter;

/// What two mails that concern each other mostly have in common.
pub(super) struct Marks {
    /// The sender, who becomes a contact once.
    sender: Option<String>,
    /// The very bytes; a message id that one has and the other refers to; the ticket that a signed address names, be it that of
    /// everybody or of one agent.
    pub others: Vec<String>,
}

impl Marks {
    pub fn of(identity: &Identity, raw: &RawMail, letter: &Letter) -> Self {
        let from = letter.from.as_ref();
        let ids = letter.message_id.iter().chain(&letter.references);
        let ids = ids.map(|id| format!("id {id}"));
        let answers = letter.recipients.iter();
        let answers = answers
            .filter_map(|address| identity.named_ticket(address))
            .map(|ticket| format!("ticket {ticket:?}"));
        let bytes = std::iter::once(format!("bytes {}", raw.digest));
        Self {
            sender: from.map(|from| format!("from {}", from.address.to_lowercase())),
            others: bytes.chain(ids).chain(answers).collect(),
        }
    }

    /// All of them.
    pub fn all(&self) -> Vec<&str> {
        let all = self.sender.iter().chain(&self.others);
        all.map(String::as_str).collect()
    }
}

/// Says of each of several things in which of so many lanes it goes, given its marks: those that have a mark in common, also by way
/// of others, go in the same.
pub(super) fn lanes(marks: &[Vec<&str>], count: usize) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..marks.len()).collect();
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (index, marks) in marks.iter().enumerate() {
        for mark in marks {
            let other = *first.entry(mark).or_insert(index);
            let (a, b) = (leader(&groups, index), leader(&groups, other));
            // The first of a group leads it.
            groups[a.max(b)] = a.min(b);
        }
    }
    let mut lane_of: HashMap<usize, usize> = HashMap::new();
    let leaders = (0..marks.len()).map(|index| leader(&groups, index));
    leaders
        .map(|leader| {
            let next = lane_of.len() % count.max(1);
            *lane_of.entry(leader).or_insert(next)
        })
        .collect()
}

fn leader(groups: &[usize], mut index: usize) -> usize {
    while let Some(next) = groups.get(index).filter(|next| **next != index) {
        index = *next;
    }
    index
}

/// How long the runs are in which no two things of a list, given their marks, have a mark in common.
pub(super) fn runs(marks: &[&[String]]) -> Vec<usize> {
    let mut runs = Vec::new();
    let mut of_run: HashSet<&str> = HashSet::new();
    for marks in marks {
        if runs.is_empty() || marks.iter().any(|mark| of_run.contains(&mark[..])) {
            of_run.clear();
            runs.push(0);
        }
        of_run.extend(marks.iter().map(String::as_str));
        if let Some(last) = runs.last_mut() {
            *last += 1;
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(marks: &[&str]) -> Vec<Vec<String>> {
        let marks = marks.iter();
        let marks = marks.map(|marks| marks.split(' ').map(str::to_owned).collect());
        marks.collect()
    }

    fn check(marks: &[&str], in_lanes: &[usize], in_runs: &[usize]) {
        let parted: Vec<Vec<&str>> = marks
            .iter()
            .map(|marks| marks.split(' ').collect())
            .collect();
        assert_eq!(lanes(&parted, 3), in_lanes);
        let marks = marked(marks);
        let marks: Vec<&[String]> = marks.iter().map(|marks| &marks[..]).collect();
        assert_eq!(runs(&marks), in_runs);
    }

    #[test]
    fn what_has_a_mark_in_common_goes_in_the_same_lane_one_run_after_the_other() {
        check(&[], &[], &[]);
        check(&["a", "b", "c", "d"], &[0, 1, 2, 0], &[4]);
        check(&["a", "b", "a"], &[0, 1, 0], &[2, 1]);
        // The last one shows that the first two concern each other.
        check(&["a x", "b y", "c", "x y"], &[0, 0, 1, 0], &[3, 1]);
        check(
            &["a", "b", "b c", "c d", "d"],
            &[0, 1, 1, 1, 1],
            &[2, 1, 1, 1],
        );
        check(&["a", "a", "b", "c", "a"], &[0, 0, 1, 2, 0], &[1, 3, 1]);
    }
}
