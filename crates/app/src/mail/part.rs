//! Which received mails show that they concern each other, so that all others can be filed side by side.
//!
//! Two may concern each other all the same, such as answers of two people to different messages of one ticket. They come in either
//! order then, and whichever finds that the other was first is filed anew.

use std::collections::HashMap;

use mainstay_domain::mail::RawMail;

use super::identity::Identity;
use super::reading::Letter;

/// What two mails that concern each other mostly have in common: the sender, who becomes a contact once; the very bytes; a message id
/// that one has and the other refers to; the ticket that a signed address names, be it that of everybody or of one agent.
pub(super) fn marks(identity: &Identity, raw: &RawMail, letter: &Letter) -> Vec<String> {
    let from = letter.from.iter();
    let from = from.map(|from| format!("from {}", from.address.to_lowercase()));
    let ids = letter.message_id.iter().chain(&letter.references);
    let ids = ids.map(|id| format!("id {id}"));
    let answers = letter.recipients.iter();
    let answers = answers
        .filter_map(|address| identity.named_ticket(address))
        .map(|ticket| format!("ticket {ticket:?}"));
    let bytes = std::iter::once(format!("bytes {}", raw.digest));
    bytes.chain(from).chain(ids).chain(answers).collect()
}

/// Says of each of several things in which of so many lanes it goes, given its marks: those that have a mark in common, also by way
/// of others, go in the same.
pub(super) fn lanes(marks: &[Vec<String>], count: usize) -> Vec<usize> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(marks: &[&str], expected: &[usize]) {
        let marks = marks.iter();
        let marks: Vec<Vec<String>> = marks
            .map(|marks| marks.split(' ').map(str::to_owned).collect())
            .collect();
        assert_eq!(lanes(&marks, 3), expected);
    }

    #[test]
    fn what_has_a_mark_in_common_goes_in_the_same_lane() {
        check(&[], &[]);
        check(&["a", "b", "c", "d"], &[0, 1, 2, 0]);
        check(&["a", "b", "a"], &[0, 1, 0]);
        // The last one shows that the first two concern each other.
        check(&["a x", "b y", "c", "x y"], &[0, 0, 1, 0]);
        check(&["a", "b", "b c", "c d", "d"], &[0, 1, 1, 1, 1]);
    }
}
