//! The screen of a terminal, which is drawn over as long as somebody watches.

use std::io::{self, Write as _};

use console::Term;

use super::super::output::harmless;

/// Another screen, so that what stood in the terminal stands there again afterwards, without a cursor.
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l";
const LEAVE: &str = "\u{1b}[?25h\u{1b}[?1049l";

/// Back to the upper left corner; to the end of a line, and of the screen, nothing of what stood there stays. To draw over what is
/// there flickers less than to clear it first.
const HOME: &str = "\u{1b}[H";
const REST_OF_LINE: &str = "\u{1b}[K";
const REST_OF_SCREEN: &str = "\u{1b}[J";

/// The screen, until it is dropped.
#[derive(Debug)]
pub(super) struct Screen(Term);

impl Screen {
    /// Takes the screen.
    ///
    /// # Errors
    /// Fails when the terminal takes nothing.
    pub(super) fn enter() -> io::Result<Self> {
        let mut terminal = Term::stdout();
        terminal.write_all(ENTER.as_bytes())?;
        Ok(Self(terminal))
    }

    /// Shows a text with a line at the foot, as much of both as there is room for.
    ///
    /// # Errors
    /// Fails when the terminal takes nothing.
    pub(super) fn show(&mut self, text: &str, foot: &str) -> io::Result<()> {
        let (rows, columns) = self.0.size();
        let frame = frame(text, foot, usize::from(rows), usize::from(columns));
        self.0.write_all(frame.as_bytes())?;
        self.0.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.0.write_all(LEAVE.as_bytes());
    }
}

fn frame(text: &str, foot: &str, rows: usize, columns: usize) -> String {
    let text = harmless(text);
    let room = rows.saturating_sub(2);
    let mut lines: Vec<String> = text.lines().map(|line| cut(line, columns)).collect();
    if lines.len() > room {
        lines.truncate(room.saturating_sub(1));
        lines.push(cut("… (the window is too low for the rest)", columns));
    }
    lines.resize(room, String::new());
    lines.extend([String::new(), cut(&harmless(foot), columns)]);
    let mut frame = HOME.to_owned();
    frame.push_str(&lines.join(&format!("{REST_OF_LINE}\r\n")));
    frame.push_str(REST_OF_LINE);
    frame.push_str(REST_OF_SCREEN);
    frame
}

/// As much of a line as there is room for.
fn cut(line: &str, columns: usize) -> String {
    if line.chars().count() <= columns {
        return line.to_owned();
    }
    let kept = line.chars().take(columns.saturating_sub(1));
    kept.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, rows: usize, columns: usize) -> Vec<String> {
        let frame = frame(text, "Ctrl-C ends", rows, columns);
        let frame = frame.strip_prefix(HOME).unwrap();
        let frame = frame.strip_suffix(REST_OF_SCREEN).unwrap();
        let lines = frame.split("\r\n");
        lines
            .map(|line| line.strip_suffix(REST_OF_LINE).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn a_screen_is_filled_to_its_foot_and_no_line_runs_over() {
        assert_eq!(
            shown("one\n\na longer line", 6, 8),
            ["one", "", "a longe…", "", "", "Ctrl-C …"]
        );
    }

    #[test]
    fn what_there_is_no_room_for_is_left_out_and_said_to_be() {
        let lines = shown("1\n2\n3\n4\n5", 5, 60);
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[..2], ["1", "2"]);
        assert!(lines[2].starts_with('…') && lines[4] == "Ctrl-C ends");
    }

    #[test]
    fn what_a_service_says_steers_nobodys_terminal() {
        assert_eq!(shown("a\u{1b}[2J", 3, 20)[0], "a\u{241b}[2J");
    }
}
