//! Embeds the packs that come with the program, so that it needs nothing beside itself.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    println!("cargo::rerun-if-changed={}", packs.display());
    let mut code = String::from("&[\n");
    for pack in sorted(&packs)? {
        if pack.join("pack.toml").is_file() {
            embed(&pack, &mut code)?;
        }
    }
    code.push_str("]\n");
    let out = env::var_os("OUT_DIR")
        .map(PathBuf::from)
        .unwrap_or_default();
    fs::write(out.join("builtin_packs.rs"), code)
}

/// Writes `("name", &[("file.toml", include_str!("…")), …]),`.
fn embed(pack: &Path, code: &mut String) -> io::Result<()> {
    let name = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    // Writing into a String cannot fail.
    let _ = writeln!(code, "    ({:?}, &[", name(pack));
    for file in sorted(pack)? {
        if file.is_file() {
            let _ = writeln!(
                code,
                "        ({:?}, include_str!({:?})),",
                name(&file),
                file.canonicalize()?
            );
        }
    }
    code.push_str("    ]),\n");
    Ok(())
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
