//! Where the protocol drivers meet sealing and opening. `port` is what a driver sees.

pub mod notice;
pub mod port;
pub mod seals;
pub mod views;
