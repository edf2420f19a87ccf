//! Business-time arithmetic: what is open, when something is due, how much time has passed
