//! How many connections the service holds: as many as the settings say, where the system lets it open so many files.

use mainstay_web::ConnectionLimits;

use crate::settings::Http;

/// Files besides connections: those of the store, the log and what goes out.
const OTHER_FILES: u64 = 512;

/// What the settings say of connections, and the system allows.
pub(super) fn limits(http: &Http) -> ConnectionLimits {
    ConnectionLimits {
        count: count(http.max_connections),
        head: http.header_timeout.get(),
        idle: http.idle_timeout.get(),
        write: http.write_timeout.get(),
    }
}

/// As many as are wanted, or as the system lets be held where these are fewer.
fn count(wanted: usize) -> usize {
    // A process may raise its own limit up to one that somebody set for it.
    let files = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => files,
        Err(error) => {
            tracing::warn!("how many files may be open is not known: {error}");
            return wanted;
        }
    };
    let held = fit(wanted, files);
    if held < wanted {
        tracing::warn!(
            "{held} connections are held at once, not http.max_connections = {wanted}: this process may open {files} files; \
             allow more with `LimitNOFILE=` (systemd), `--ulimit nofile=` (containers) or `ulimit -n`"
        );
    }
    held
}

/// Of few files half are for connections, so that neither side starves.
fn fit(wanted: usize, files: u64) -> usize {
    let left = files.saturating_sub(OTHER_FILES).max(files / 2);
    usize::try_from(left).map_or(wanted, |left| left.min(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_connections_are_held_as_files_can_be_opened_beside_the_others() {
        assert_eq!(fit(20_000, 1_048_576), 20_000);
        assert_eq!(fit(20_000, 1_024), 512);
        assert_eq!(fit(20_000, 8_192), 7_680);
        assert_eq!(fit(20_000, 256), 128);
        assert_eq!(fit(20_000, u64::MAX), 20_000);
    }
}
