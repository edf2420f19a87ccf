//! Which received mails show that they concern each other, so that all others can be filed side by side and asked about at once.
//!
//! Two may concern each other all the same, such as answers of two people to different messages of one ticket. They come in either
//! order then; of those that are asked about at once neither is seen by the other.

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
    others: Vec<String>,
    /// Whether it answers or refers to another mail.
    answers: bool,
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
            answers: !letter.references.is_empty(),
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

/// How long the runs are in which no mail of a list shows that it concerns one before it. That the sender is the same shows it of one
/// that answers something: by the mail before they may have come to take part in what it answers.
pub(super) fn runs<'a>(marks: impl IntoIterator<Item = &'a Marks>) -> Vec<usize> {
    let mut runs = Vec::new();
    let mut of_run: HashSet<&str> = HashSet::new();
    for marks in marks {
        let sender = marks.sender.as_ref().filter(|_| marks.answers);
        let mut telling = marks.others.iter().chain(sender);
        if runs.is_empty() || telling.any(|mark| of_run.contains(&mark[..])) {
            of_run.clear();
            runs.push(0);
        }
        of_run.extend(marks.all());
        if let Some(last) = runs.last_mut() {
            *last += 1;
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The marks of mails: in `from:a x y` it is the sender, and `re` says that it answers something.
    fn marked(mails: &[&str]) -> Vec<Marks> {
        let marks = mails.iter().map(|mail| {
            let words = || mail.split(' ').filter(|word| *word != "re");
            let is_sender = |word: &&str| word.starts_with("from:");
            Marks {
                sender: words().find(is_sender).map(str::to_owned),
                others: words()
                    .filter(|word| !is_sender(word))
                    .map(str::to_owned)
                    .collect(),
                answers: mail.ends_with(" re"),
            }
        });
        marks.collect()
    }

    fn check(mails: &[&str], in_lanes: &[usize], in_runs: &[usize]) {
        let marks = marked(mails);
        let all: Vec<Vec<&str>> = marks.iter().map(Marks::all).collect();
        assert_eq!(lanes(&all, 3), in_lanes);
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

    #[test]
    fn an_answer_of_somebody_who_wrote_before_is_of_a_later_run() {
        check(&["from:a x", "from:a y", "from:b z"], &[0, 0, 1], &[3]);
        check(
            &["from:a x", "from:a y re", "from:b z re"],
            &[0, 0, 1],
            &[1, 2],
        );
    }
}
