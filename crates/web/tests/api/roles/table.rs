//! Reading the table.

use std::fmt;

/// A method and a path as the description of the API has them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    pub path: String,
    pub method: String,
}

impl Route {
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            path: path.strip_prefix("/api/v1").unwrap_or(path).to_owned(),
            method: method.to_owned(),
        }
    }
}

/// What an answer says about who may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    Done,
    Forbidden,
    Hidden,
    Unknown,
    /// Something else, by its status: never right.
    Other(u16),
}

impl Mark {
    pub fn of(status: u16) -> Self {
        match status {
            200..=399 => Self::Done,
            401 => Self::Unknown,
            403 => Self::Forbidden,
            404 => Self::Hidden,
            other => Self::Other(other),
        }
    }

    fn read(text: &str) -> Self {
        match text {
            "y" => Self::Done,
            "F" => Self::Forbidden,
            "N" => Self::Hidden,
            "U" => Self::Unknown,
            other => panic!("{other:?} is no mark: expected y, F, N or U"),
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("y"),
            Self::Forbidden => f.write_str("F"),
            Self::Hidden => f.write_str("N"),
            Self::Unknown => f.write_str("U"),
            Self::Other(status) => write!(f, "{status}"),
        }
    }
}

/// What everybody gets from a route.
pub struct Line {
    pub route: Route,
    /// The permissions that a token of somebody who serves needs, all of them.
    pub needs: Vec<String>,
    pub marks: Vec<Mark>,
}

impl Line {
    pub fn with(&self, marks: &[String]) -> String {
        let needs = match self.needs.as_slice() {
            [] => "-".to_owned(),
            needs => needs.join("+"),
        };
        format!(
            "{:<7}{:<46}{:<47}{}",
            self.route.method,
            self.route.path,
            needs,
            marks.join("  ")
        )
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let marks: Vec<String> = self.marks.iter().map(Mark::to_string).collect();
        f.write_str(&self.with(&marks))
    }
}

/// The whole table.
pub struct Table {
    pub columns: Vec<String>,
    pub lines: Vec<Line>,
}

impl Table {
    pub fn read() -> Self {
        let mut lines = include_str!("table.txt")
            .lines()
            .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let columns: Vec<String> = lines
            .next()
            .unwrap()
            .split_whitespace()
            .skip(3)
            .map(str::to_owned)
            .collect();
        let lines = lines.map(|line| Self::line(line, columns.len())).collect();
        Self { columns, lines }
    }

    fn line(text: &str, columns: usize) -> Line {
        let mut words = text.split_whitespace();
        let mut word = || words.next().unwrap_or_else(|| panic!("too short: {text}"));
        let (method, path, needs) = (word(), word(), word());
        let route = Route::new(method, path);
        let needs = match needs {
            "-" => Vec::new(),
            needs => needs.split('+').map(str::to_owned).collect(),
        };
        let marks: Vec<Mark> = words.map(Mark::read).collect();
        assert_eq!(marks.len(), columns, "{text}");
        Line {
            route,
            needs,
            marks,
        }
    }

    pub fn head(&self) -> String {
        format!("{:<100}{}", "", self.columns.join(" "))
    }
}
