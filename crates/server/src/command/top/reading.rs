//! Measurements as they are given out, read again.

use std::collections::BTreeMap;

/// One measurement.
#[derive(Debug, PartialEq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// All measurements of an instant.
#[derive(Debug)]
pub(super) struct Reading(Vec<Sample>);

impl Reading {
    /// Reads the text format of Prometheus. Lines that are none of it are passed over.
    pub(super) fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(sample).collect())
    }

    /// The sum of a measure over all of its labels.
    pub(super) fn sum(&self, name: &str) -> f64 {
        // An empty sum is minus zero, which looks odd.
        self.of(name).map(|sample| sample.value).sum::<f64>() + 0.0
    }

    /// The sums of a measure by what some of its labels say.
    pub(super) fn by(&self, name: &str, labels: &[&str]) -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::new();
        for sample in self.of(name) {
            let key: Vec<&str> = labels
                .iter()
                .filter_map(|label| sample.labels.get(*label).map(String::as_str))
                .collect();
            *sums.entry(key.join(" ")).or_default() += sample.value;
        }
        sums
    }

    /// What a label of a measure says.
    pub(super) fn label(&self, name: &str, label: &str) -> Option<&str> {
        self.0
            .iter()
            .filter(|sample| sample.name == name)
            .find_map(|sample| sample.labels.get(label))
            .map(String::as_str)
    }

    /// The mean of a measured time.
    pub(super) fn mean(&self, name: &str) -> Option<f64> {
        let count = self.sum(&format!("{name}_count"));
        (count > 0.0).then(|| self.sum(&format!("{name}_sum")) / count)
    }

    /// The bound under which this part of a measured time stays.
    pub(super) fn quantile(&self, name: &str, part: f64) -> Option<f64> {
        let wanted = self.sum(&format!("{name}_count")) * part;
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for (bound, count) in self.by(&format!("{name}_bucket"), &["le"]) {
            buckets.push((bound.parse().ok()?, count));
        }
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let found = buckets
            .iter()
            .find(|(_, count)| *count > 0.0 && *count >= wanted)?;
        found.0.is_finite().then_some(found.0)
    }

    fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Sample> {
        self.0.iter().filter(move |sample| sample.name == name)
    }
}

fn sample(line: &str) -> Option<Sample> {
    if line.starts_with('#') {
        return None;
    }
    let (series, value) = line.rsplit_once(' ')?;
    let value = value.parse().ok()?;
    let (name, mut rest) = series.split_once('{').unwrap_or((series, ""));
    let mut labels = BTreeMap::new();
    while let Some((label, after)) = rest.split_once("=\"") {
        let (said, left) = quoted(after)?;
        labels.insert(label.trim_start_matches(',').to_owned(), said);
        rest = left;
    }
    Some(Sample {
        name: name.to_owned(),
        labels,
        value,
    })
}

/// What stands before the closing quotation mark, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut said = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((said, &text[at + 1..])),
            '\\' => match letters.next()?.1 {
                'n' => said.push('\n'),
                other => said.push(other),
            },
            other => said.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_may_hold_anything() {
        let text = "a{x=\"{i\\\"d}, y\",z=\"2\"} 4.5\n# HELP a\nb 1e3\nnonsense\n";
        let reading = Reading::parse(text);
        assert_eq!(reading.label("a", "x"), Some("{i\"d}, y"));
        assert_eq!(reading.by("a", &["z"])["2"], 4.5);
        assert_eq!(reading.sum("b"), 1000.0);
        assert_eq!(reading.0.len(), 2);
    }

    #[test]
    fn a_quantile_is_the_bound_that_holds_it() {
        let text = "t_bucket{le=\"0.1\"} 90\nt_bucket{le=\"1\"} 99\nt_bucket{le=\"+Inf\"} 100\nt_count 100\nt_sum 20";
        let reading = Reading::parse(text);
        assert_eq!(reading.quantile("t", 0.5), Some(0.1));
        assert_eq!(reading.quantile("t", 0.99), Some(1.0));
        assert_eq!(reading.quantile("t", 0.999), None);
        assert_eq!(reading.mean("t"), Some(0.2));
        assert_eq!(reading.quantile("u", 0.5), None);
    }
}
