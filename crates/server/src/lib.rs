//! The mainstay program: commands, settings, wiring, worker loop, shutdown.
