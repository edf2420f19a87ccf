//! People at work in a real browser, with time in hand.

mod administration;
mod barriers;
mod failing;
mod first_run;
mod house;
mod keyboard;
mod passkey;
mod pictures;
mod portal;
mod round_trip;
mod second_factor;
mod work;
mod writing;
