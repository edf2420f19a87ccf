//! An upgrade under load: a later version of the program changes the schema beside nodes that do not know of it.
//!
//! There is no later version yet, so its steps are taken here, by the statements that it would use and with what it would
//! write down of them.

use std::time::Duration;

use super::Failed;
use super::check::Store;
use super::load;
use super::run::Run;

/// How long the load goes on between two steps.
const BETWEEN: Duration = Duration::from_millis(1_500);

/// What the later version adds.
const EXPAND: [&str; 3] = [
    "ALTER TABLE ticket ADD COLUMN fault_weight BIGINT",
    "CREATE TABLE fault_weight (ticket TEXT NOT NULL)",
    "INSERT INTO seaql_migrations (version, applied_at) VALUES ('9998_weights', 1)",
];

/// What it fills.
const MIGRATE: &str = "UPDATE ticket SET fault_weight = number WHERE fault_weight IS NULL";

/// What a version after it takes away, with the note that who does not know of it must not run.
const CONTRACT: [&str; 3] = [
    "ALTER TABLE ticket DROP COLUMN fault_weight",
    "INSERT INTO seaql_migrations (version, applied_at) VALUES ('9999_no_weights', 1)",
    "UPDATE setting SET value = '9999_no_weights' WHERE name = 'schema_needs'",
];

impl Run {
    /// Expands the schema under the running nodes, starts each anew beside it, fills what was added, contracts the schema,
    /// and says what went otherwise than it should.
    pub(super) async fn upgrade(&mut self) -> Result<Vec<String>, Failed> {
        let mut violations = Vec::new();
        let store = Store::open(&self.database).await?;
        let client = load::client();
        tokio::time::sleep(BETWEEN).await;
        take(&store, &EXPAND).await?;
        self.figure("times the schema was expanded", 1);
        violations.extend(
            self.goes_on("an older node after the schema was expanded")
                .await,
        );
        for node in &mut self.nodes {
            node.end();
            node.start()?;
            node.ready(&client).await?;
            tokio::time::sleep(BETWEEN).await;
        }
        self.figure(
            "nodes started beside a newer schema",
            self.nodes.len() as u64,
        );
        fill(&store).await?;
        violations.extend(self.goes_on("an older node while a newer one fills").await);
        let needs = store.text("SELECT value FROM setting WHERE name = 'schema_needs'");
        let needs = needs.await?;
        take(&store, &CONTRACT).await?;
        self.figure("times the schema was contracted", 1);
        violations.extend(
            self.goes_on("a node that ran when the schema was contracted")
                .await,
        );
        let (status, said) = self.nodes[0].refused().await?;
        if status.success() || !said.contains("newer version of Mainstay") {
            violations.push(format!(
                "a node that must not run ended with {status}: {said}"
            ));
        }
        self.figure("nodes that refused a newer schema", 1);
        // The nodes are to be started once more at the end.
        store
            .run(&format!(
                "UPDATE setting SET value = '{needs}' WHERE name = 'schema_needs'"
            ))
            .await?;
        Ok(violations)
    }

    /// Whether requests are still answered with success.
    async fn goes_on(&mut self, who: &str) -> Option<String> {
        let before = self.record.acknowledged();
        // A node that works does so much sooner, but a machine may be busy with something else.
        for _ in 0..160 {
            tokio::time::sleep(BETWEEN / 4).await;
            if self.record.acknowledged() > before + 10 {
                return None;
            }
        }
        Some(format!("{who} does no work any more"))
    }
}

/// Fills what was added. Whoever writes to many rows beside others may be asked by PostgreSQL to begin again, and does.
async fn fill(store: &Store) -> Result<(), Failed> {
    for _ in 0..20 {
        match store.run(MIGRATE).await {
            Err(error) if error.to_string().contains("deadlock detected") => {}
            outcome => return outcome,
        }
    }
    store.run(MIGRATE).await
}

async fn take(store: &Store, statements: &[&str]) -> Result<(), Failed> {
    let steps = statements.join("; ");
    store.run(&format!("BEGIN; {steps}; COMMIT")).await
}
