//! The faces of the relay on the user's desk.
//!
//! `changing` writes one setting of the configuration, `dashboard` is a local web page for the user's own browser, `diagnosis` looks at
//! all that the relay stands on. `status` is how things stand as one value, `menu` what an icon offers then, `icon` its picture, `bell`
//! when a notification rings: these are pure. `tray` alone knows what shows an icon, `notify` what shows a notification, `desk` stands
//! between them and the relay. `assistant` leads from nothing to a sealed letter, `own_keys` takes keys into a home, `setup` tells mail
//! programs of it, `lasting` is what stays while the relay begins again, `taken_up` a configuration
//! that it is to begin with, and the way back.

pub mod assistant;
pub mod bell;
pub mod browser;
mod changing;
pub mod dashboard;
pub mod desk;
pub mod diagnosis;
pub mod icon;
mod lasting;
pub mod menu;
mod notify;
pub mod own_keys;
pub mod setup;
pub mod status;
mod taken_up;
pub mod tray;

pub use lasting::{Doors, Lasting};
