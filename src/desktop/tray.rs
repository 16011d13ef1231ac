//! The icon itself: the only file that knows what shows it. On Linux a D-Bus service (StatusNotifierItem) with threads of its own, on
//! Windows the native one, which lives on the thread that made it and is woken by that thread's messages.

#[cfg(not(target_os = "macos"))]
pub use shown::Tray;

#[cfg(target_os = "macos")]
pub use absent::Tray;

#[cfg(not(target_os = "macos"))]
mod shown {
    use super::super::desk::Desk;
    use super::super::icon::{SIZE, picture};
    use super::super::menu::{Choice, Entry, Menu, Sign, menu};
    use super::turns::Turns;
    use crate::base::Realm;
    use crate::text::dashboard::Language;
    use tray_icon::menu::{Menu as NativeMenu, MenuEvent, MenuItem, PredefinedMenuItem};
    use tray_icon::{Icon, MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};

    /// An icon that is there.
    pub struct Tray {
        icon: TrayIcon,
        shown: Menu,
        turns: Turns,
        language: Language,
    }

    impl Tray {
        /// Puts it beside the clock, on the thread that is to serve it, which is the main one. `None`: there is nothing that could
        /// show it, which is told in the log once.
        pub fn put(realm: Realm, language: Language) -> Option<(Self, Desk)> {
            let turns = Turns::new();
            let desk = Desk::new(realm, Some(Box::new(turns.waker())));
            let shown = menu(&desk.status(), language);
            let built = native(&shown).and_then(|native| {
                let icon = TrayIconBuilder::new()
                    .with_id("souspli")
                    .with_title("Souspli")
                    .with_tooltip(&shown.tip)
                    .with_menu(Box::new(native))
                    .with_menu_on_left_click(false);
                icon.with_icon(sign(shown.sign)?).build().map_err(|error| error.to_string())
            });
            match built {
                Ok(icon) => {
                    #[cfg(windows)]
                    crate::windows::balloon::belong_to(icon.window_handle());
                    listen(&desk);
                    let tray = Self {
                        icon,
                        shown,
                        turns,
                        language,
                    };
                    Some((tray, desk))
                }
                Err(error) => {
                    tracing::info!(%error, "there is no place for an icon here: Souspli runs on without one");
                    None
                }
            }
        }

        /// Shows what the desk says until it has ended. Between two changes the thread sleeps.
        pub fn serve(mut self, desk: &Desk) {
            while !desk.is_over() {
                self.turns.wait();
                self.follow(desk);
            }
        }

        fn follow(&mut self, desk: &Desk) {
            let now = menu(&desk.status(), self.language);
            if now == self.shown {
                return;
            }
            let changed = self.change(&now);
            if let Err(error) = changed {
                tracing::warn!(%error, "the icon could not be changed");
            }
            self.shown = now;
        }

        fn change(&mut self, now: &Menu) -> Result<(), String> {
            if now.sign != self.shown.sign {
                self.icon.set_icon(Some(sign(now.sign)?)).map_err(|error| error.to_string())?;
            }
            if now.tip != self.shown.tip {
                self.icon.set_tooltip(Some(&now.tip)).map_err(|error| error.to_string())?;
            }
            if now.entries != self.shown.entries {
                self.icon.set_menu(Some(Box::new(native(now)?)));
            }
            Ok(())
        }
    }

    fn sign(sign: Sign) -> Result<Icon, String> {
        Icon::from_rgba(picture(sign), SIZE, SIZE).map_err(|error| error.to_string())
    }

    /// What only says something leads to the dashboard, where it is told at length: and it is not grey.
    fn native(menu: &Menu) -> Result<NativeMenu, String> {
        let native = NativeMenu::new();
        for entry in &menu.entries {
            let added = match entry {
                Entry::Said(text) => native.append(&item(Choice::Dashboard, text)),
                Entry::Does(choice, text) => native.append(&item(*choice, text)),
                Entry::Line => native.append(&PredefinedMenuItem::separator()),
            };
            added.map_err(|error| error.to_string())?;
        }
        Ok(native)
    }

    /// An ampersand would underline the next letter.
    fn item(choice: Choice, text: &str) -> MenuItem {
        MenuItem::with_id(choice.as_str(), text.replace('&', "&&"), true, None)
    }

    fn listen(desk: &Desk) {
        let (by_menu, by_icon) = (desk.clone(), desk.clone());
        MenuEvent::set_event_handler(Some(move |event: MenuEvent| {
            if let Some(choice) = Choice::parse(event.id.as_ref()) {
                by_menu.choose(choice);
            }
        }));
        TrayIconEvent::set_event_handler(Some(move |event| {
            if let TrayIconEvent::Click {
                button: MouseButton::Left,
                button_state: MouseButtonState::Up,
                ..
            } = event
            {
                by_icon.choose(Choice::Dashboard);
            }
        }));
    }
}

/// How the thread of the icon waits.
#[cfg(all(unix, not(target_os = "macos")))]
mod turns {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    /// One that waits already is enough.
    pub(super) struct Turns(SyncSender<()>, Receiver<()>);

    impl Turns {
        pub(super) fn new() -> Self {
            let (give, take) = sync_channel(1);
            Self(give, take)
        }

        pub(super) fn waker(&self) -> impl Fn() + Send + Sync + 'static {
            let give = self.0.clone();
            move || {
                // Full: it is about to look anyway.
                let _ = give.try_send(());
            }
        }

        pub(super) fn wait(&self) {
            // The sender is ours: it does not go.
            let _ = self.1.recv();
        }
    }
}

#[cfg(windows)]
mod turns {
    pub(super) use crate::windows::messages::Turns;
}

/// macOS wants a running application loop on the main thread, which is not written yet.
#[cfg(target_os = "macos")]
mod absent {
    use super::super::desk::Desk;
    use crate::base::Realm;
    use crate::text::dashboard::Language;

    /// None.
    pub enum Tray {}

    impl Tray {
        /// None.
        pub fn put(_: Realm, _: Language) -> Option<(Self, Desk)> {
            tracing::info!("there is no icon on macOS yet: Souspli runs without one");
            None
        }

        /// Never.
        pub fn serve(self, _: &Desk) {
            match self {}
        }
    }
}
