//! People at work in a real browser, with time in hand.

mod house;
mod portal;
mod work;
