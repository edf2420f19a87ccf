//! The policies.

/// Which teams the conditions of a version mean: settled when it was applied.
pub(super) const TEAMS: &str = "
ALTER TABLE policy_version ADD COLUMN teams TEXT NOT NULL DEFAULT '{}';
";
