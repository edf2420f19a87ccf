//! Builds the web client with npm when its sources have changed, into the folder that `ui.rs` embeds.
//!
//! `MAINSTAY_SKIP_UI=1` leaves it out, for work on the service alone: the program then says so where the client would be.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

/// What the client is made from, within its folder.
const SOURCES: [&str; 8] = [
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "postcss.config.cjs",
    "tsconfig.json",
    "vite.config.ts",
];

const SKIPPED: &str = "<!doctype html><meta charset=utf-8><title>Mainstay</title>\
    <p>This program was built without its web client. Build it again without MAINSTAY_SKIP_UI; \
    the API is described at <a href=\"/api/docs/\">/api/docs</a>.";

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let ui = here.join("../../ui");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("ui");
    println!("cargo::rerun-if-env-changed=MAINSTAY_SKIP_UI");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", ui.join(source).display());
    }
    if env::var_os("MAINSTAY_SKIP_UI").is_some_and(|skip| skip != "0") {
        let written =
            fs::create_dir_all(&out).and_then(|()| fs::write(out.join("index.html"), SKIPPED));
        if let Err(error) = written {
            fail(&format!("{} cannot be written: {error}", out.display()));
        }
        return;
    }
    if !is_installed(&ui) {
        npm(
            &ui,
            &out,
            &["ci", "--no-audit", "--no-fund", "--loglevel=error"],
        );
    }
    npm(&ui, &out, &["run", "build", "--loglevel=error"]);
}

/// Whether what `package-lock.json` asks for is in place: npm notes there what it installed.
fn is_installed(ui: &Path) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|data| data.modified());
    match (
        changed(&ui.join("node_modules/.package-lock.json")),
        changed(&ui.join("package-lock.json")),
    ) {
        (Ok(installed), Ok(asked)) => installed >= asked,
        _ => false,
    }
}

fn npm(ui: &Path, out: &Path, arguments: &[&str]) {
    let ran = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
        .args(arguments)
        .current_dir(ui)
        .env("MAINSTAY_UI_OUT", out)
        .output();
    match ran {
        Ok(output) if output.status.success() => {}
        Ok(output) => fail(&format!(
            "`npm {}` in {} failed:\n{}{}",
            arguments.join(" "),
            ui.display(),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        )),
        Err(error) => fail(&format!(
            "the web client is built by npm, which could not be started ({error}). \
             Install Node.js 20.19 or later, or set MAINSTAY_SKIP_UI=1 to build the service alone."
        )),
    }
}

fn fail(message: &str) -> ! {
    eprintln!("error: {message}");
    exit(1)
}
