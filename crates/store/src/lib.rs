//! The store: ledger, rows, queue, on SQLite and PostgreSQL
