//! How far a folder was read.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Which messages of a folder were acknowledged. The default is a folder never read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The folder's UIDVALIDITY. When the server changes it, all numbers mean other messages and reading begins anew.
    pub uid_validity: u32,
    /// Every message up to this number was acknowledged, or was gone.
    pub through: u32,
    /// The acknowledged messages beyond that: those after one that was refused.
    pub beyond: BTreeSet<u32>,
}

impl Position {
    /// Begins anew when the folder is no longer the one whose numbers are remembered.
    pub(super) fn follow(&mut self, uid_validity: u32) {
        if self.uid_validity != uid_validity {
            *self = Position {
                uid_validity,
                ..Position::default()
            };
        }
    }

    pub(super) fn is_new(&self, uid: u32) -> bool {
        uid > self.through && !self.beyond.contains(&uid)
    }

    /// Begins a look at the messages that the folder lists as new.
    pub(super) fn look(&self, listed: impl IntoIterator<Item = u32>) -> Look {
        let open: BTreeSet<u32> = listed.into_iter().collect();
        Look {
            end: open
                .iter()
                .chain(&self.beyond)
                .max()
                .copied()
                .unwrap_or(self.through),
            open,
        }
    }
}

/// One look at a folder: which of the listed messages are not acknowledged yet.
pub(super) struct Look {
    open: BTreeSet<u32>,
    end: u32,
}

impl Look {
    pub(super) fn acknowledge(&mut self, position: &mut Position, uid: u32) {
        self.open.remove(&uid);
        position.beyond.insert(uid);
        position.through = match self.open.first() {
            Some(first) => first.saturating_sub(1).max(position.through),
            None => self.end,
        };
        position.beyond = position
            .beyond
            .split_off(&position.through.saturating_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_refused_message_stays_new_and_those_after_it_do_not() {
        let mut position = Position::default();
        position.follow(9);
        let mut look = position.look([1, 2, 3, 5]);
        for uid in [1, 3, 5] {
            look.acknowledge(&mut position, uid);
        }
        assert_eq!(
            position,
            Position {
                uid_validity: 9,
                through: 1,
                beyond: BTreeSet::from([3, 5])
            }
        );
        let mut look = position.look([2, 7]);
        look.acknowledge(&mut position, 2);
        assert_eq!((position.through, &position.beyond), (6, &BTreeSet::new()));
        look.acknowledge(&mut position, 7);
        assert_eq!(position.through, 7);
    }

    #[test]
    fn a_folder_with_other_numbers_is_read_from_the_start() {
        let mut position = Position {
            uid_validity: 9,
            through: 40,
            beyond: BTreeSet::from([44]),
        };
        position.follow(9);
        assert!(!position.is_new(40));
        position.follow(10);
        assert!(position.is_new(1));
        assert!(position.is_new(44));
    }

    proptest! {
        #[test]
        fn each_message_is_acknowledged_once_and_none_is_forgotten(
            looks in prop::collection::vec(prop::collection::vec(any::<bool>(), 0..12), 1..6)
        ) {
            let mut position = Position::default();
            position.follow(1);
            let (mut arrived, mut acknowledged) = (0_u32, BTreeSet::new());
            for accepts in looks {
                arrived += u32::try_from(accepts.len()).unwrap();
                let new: Vec<u32> = (1..=arrived).filter(|uid| position.is_new(*uid)).collect();
                let expected: Vec<u32> = (1..=arrived).filter(|uid| !acknowledged.contains(uid)).collect();
                prop_assert_eq!(&new, &expected);
                let mut look = position.look(new.iter().copied());
                for (uid, accept) in new.into_iter().zip(accepts) {
                    if accept {
                        look.acknowledge(&mut position, uid);
                        prop_assert!(acknowledged.insert(uid));
                    }
                }
            }
        }
    }
}
