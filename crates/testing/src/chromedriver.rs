//! ChromeDriver, which drives Chromium as a person would.

use std::path::Path;

use crate::guarded::{Guarded, RunAs, free_port, new_folder};
use crate::installed::Program;

/// ChromeDriver, for tests that work on a page.
#[must_use]
pub fn chromedriver() -> Program {
    Program::find(
        "chromedriver",
        "apt-get install chromium-driver",
        &["chromedriver"],
        &[],
    )
}

/// A running ChromeDriver and the browsers that it starts; they end with it.
#[derive(Debug)]
pub struct ChromeDriver {
    _driver: Guarded,
    url: String,
}

impl ChromeDriver {
    /// Starts it on a free port.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(program: &Path) -> Self {
        let program = program.to_str().expect("the path of a program is text");
        for _ in 0..5 {
            let folder = new_folder("chromedriver", RunAs::Caller);
            let port = free_port();
            let option = format!("--port={port}");
            let command = [program, option.as_str()];
            let mut driver =
                Guarded::start("ChromeDriver", &folder, RunAs::Caller, "TERM", &command);
            // It says so itself, so another program that answers on the port is not taken for it.
            if driver.answers(|| started(&folder)) {
                return Self {
                    _driver: driver,
                    url: format!("http://127.0.0.1:{port}"),
                };
            }
        }
        panic!("ChromeDriver found no port to listen on");
    }

    /// The address it listens on.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

fn started(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join("output.log"))
        .is_ok_and(|output| output.contains("was started successfully"))
}
