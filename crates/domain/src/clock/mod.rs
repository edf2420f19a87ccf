//! Clocks: running commitments, folded from the ledger.
