//! Searching: how well something fits what was asked for.

/// How well something fits; the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Its name is what was asked for.
    Whole,
    /// Its name begins with what was asked for.
    Beginning,
    /// Every word that was asked for stands in its name.
    Name,
    /// Words stand elsewhere in it.
    Elsewhere,
}

impl Fit {
    /// How well a name fits. Both are given as words without case and accents; the last word that was asked for may be the
    /// beginning of one.
    #[must_use]
    pub fn of(name: &[String], asked: &[String]) -> Self {
        let Some((last, before)) = asked.split_last() else {
            return Self::Elsewhere;
        };
        if name == asked {
            return Self::Whole;
        }
        let begins = name.starts_with(before)
            && name
                .get(before.len())
                .is_some_and(|word| word.starts_with(last.as_str()));
        if begins {
            return Self::Beginning;
        }
        let holds = before.iter().all(|word| name.contains(word))
            && name.iter().any(|word| word.starts_with(last.as_str()));
        if holds { Self::Name } else { Self::Elsewhere }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(name: &str, asked: &str) -> Fit {
        let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        Fit::of(&words(name), &words(asked))
    }

    #[test]
    fn the_nearer_a_name_is_to_what_was_asked_for_the_better_it_fits() {
        assert_eq!(fit("blue harbour", "blue harbour"), Fit::Whole);
        assert_eq!(fit("blue harbour", "blue harb"), Fit::Beginning);
        assert_eq!(fit("blue harbour", "bl"), Fit::Beginning);
        assert_eq!(fit("the blue harbour", "harbour bl"), Fit::Name);
        assert_eq!(fit("blue harbour", "arbour"), Fit::Elsewhere);
        assert_eq!(fit("blue harbour", "blu harbour"), Fit::Elsewhere);
        assert!(Fit::Whole < Fit::Beginning && Fit::Name < Fit::Elsewhere);
        assert_eq!(Fit::of(&[], &[]), Fit::Elsewhere);
    }
}
