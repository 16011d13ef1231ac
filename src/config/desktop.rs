//! `[desktop]`: the icon beside the clock, and what it tells.

use super::reader::{Faults, Section};

/// The icon and its notifications. They speak the language of the dashboard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DesktopRules {
    /// Whether there is an icon, where a desktop can show one.
    pub tray: Tray,
    /// Whether what needs its user is told in a notification.
    pub notifications: Notifications,
}

/// Whether there is an icon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tray {
    /// Where it can be shown.
    Shown,
    /// None.
    Off,
}

/// Whether there are notifications.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notifications {
    /// There are.
    Shown,
    /// None.
    Off,
}

impl Default for DesktopRules {
    fn default() -> Self {
        Self {
            tray: Tray::Shown,
            notifications: Notifications::Shown,
        }
    }
}

pub(super) fn read(mut section: Section<'_, '_>, faults: &mut Faults) -> DesktopRules {
    let tray = section.switch("tray", faults);
    let notifications = section.switch("notifications", faults);
    section.finish(faults);
    DesktopRules {
        tray: if tray == Some(false) { Tray::Off } else { Tray::Shown },
        notifications: if notifications == Some(false) {
            Notifications::Off
        } else {
            Notifications::Shown
        },
    }
}
