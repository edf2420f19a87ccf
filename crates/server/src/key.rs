//! The keys that seal secrets in the store: from the settings, or from a file that is made at the first start.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use mainstay_app::{Vault, VaultKey};

use crate::settings::Settings;
use crate::{Failure, random};

/// The name of the key file in the data folder.
const FILE: &str = "secret.key";

/// What a key file begins with.
const HEAD: &str = "# The keys of the secrets in the store: the first seals, all of them open. Keep this file apart from
# backups of the store, and give it to every node that shares the store.
";

/// The key file, where the settings give no key.
#[must_use]
pub fn file(settings: &Settings) -> Option<PathBuf> {
    settings.key.is_none().then(|| settings.data.join(FILE))
}

/// The keys of this node. A store whose secrets are not sealed yet (`in_use` is absent) is given a new key.
///
/// # Errors
/// Fails when the keys cannot be read or made.
pub fn vault(settings: &Settings, in_use: Option<&str>) -> Result<Vault, Failure> {
    if let Some(key) = &settings.key {
        return parse("secrets.key", key.expose());
    }
    let path = settings.data.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&path.display().to_string(), &text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => match in_use {
            Some(name) => Err(no_key(&path, name)),
            None => {
                let key = fresh()?;
                write(&path, &[&key])?;
                Ok(Vault::new(vec![key]))
            }
        },
        Err(error) => Err(Failure::new(format!("{}: {error}", path.display()))
            .with_remedy("let the program read this file, or give the key with secrets.key")),
    }
}

/// Puts a new key in front of those in a key file, and leaves those in it.
///
/// # Errors
/// Fails when the file cannot be read or written.
pub fn add(path: &Path) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    let mut keys = read(&path.display().to_string(), &text)?;
    keys.insert(0, fresh()?);
    write(path, &keys.iter().collect::<Vec<_>>())
}

fn no_key(path: &Path, name: &str) -> Failure {
    Failure::new(format!(
        "the secrets in the store are sealed with the key {name}, and there is no key file {}",
        path.display()
    ))
    .with_remedy(
        "put the key file of another node, or the one you kept, there, or give the key with secrets.key",
    )
}

fn parse(place: &str, text: &str) -> Result<Vault, Failure> {
    read(place, text).map(Vault::new)
}

fn read(place: &str, text: &str) -> Result<Vec<VaultKey>, Failure> {
    let lines = text.lines().enumerate();
    let keys: Vec<VaultKey> = lines
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|(index, line)| {
            line.parse().map_err(|error| {
                Failure::new(format!("{place}:{}: this is no key: {error}", index + 1))
            })
        })
        .collect::<Result<_, _>>()?;
    if keys.is_empty() {
        return Err(Failure::new(format!("{place} holds no key")));
    }
    Ok(keys)
}

fn fresh() -> Result<VaultKey, Failure> {
    Ok(VaultKey::new(random::bytes()?))
}

/// Writes a key file that only its owner may read, whole or not at all.
fn write(path: &Path, keys: &[&VaultKey]) -> Result<(), Failure> {
    let mut text = HEAD.to_owned();
    for key in keys {
        text.push_str(&key.to_text());
        text.push('\n');
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let written = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        // A temporary file of this library is readable by its owner only.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    written().map_err(|error| {
        Failure::new(format!(
            "the key file {} cannot be written: {error}",
            path.display()
        ))
        .with_remedy("choose another folder with --data, or give the key with secrets.key")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Reader;
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt as _;

    fn settings(folder: &Path) -> Settings {
        let file = format!("data = {folder:?}\n");
        let reader = Reader::new(
            Some((Path::new("mainstay.toml"), &file)),
            BTreeMap::new(),
            BTreeMap::new(),
        );
        Settings::read(reader.unwrap()).unwrap()
    }

    fn name(vault: &Vault) -> String {
        vault.current().unwrap().name()
    }

    #[test]
    fn a_key_is_made_once_and_is_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let first = name(&vault(&settings, None).unwrap());
        assert_eq!(name(&vault(&settings, Some(&first)).unwrap()), first);
        let path = file(&settings).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        add(&path).unwrap();
        assert_ne!(name(&vault(&settings, Some(&first)).unwrap()), first);
        let kept = read("", &std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(kept[1].name(), first);
    }

    #[test]
    fn a_store_that_is_sealed_is_given_no_new_key() {
        let folder = tempfile::tempdir().unwrap();
        let failure = vault(&settings(folder.path()), Some("other")).unwrap_err();
        let text = failure.to_string();
        assert!(text.contains("sealed with the key other"), "{text}");
        assert!(!folder.path().join(FILE).exists());
    }

    #[test]
    fn a_file_that_holds_no_key_says_so() {
        let text = parse("keys", "# nothing\n").unwrap_err().to_string();
        assert!(text.contains("keys holds no key"), "{text}");
        let text = parse("keys", "\nabc\n").unwrap_err().to_string();
        assert!(text.contains("keys:2"), "{text}");
    }
}
