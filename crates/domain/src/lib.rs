//! The nouns of Mainstay and the pure rules that govern them
