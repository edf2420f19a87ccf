//! Policy packs: text to domain policy, with errors that point at file, line and column
