//! A notification on the user's screen. What shows them may not be there, or be slow: nobody is told, for it is told in the menu too.

use crate::text::tray::Ringing;

/// Shows it; blocks for a few seconds at most.
pub(super) fn show(said: &Ringing) {
    #[cfg(all(unix, not(target_os = "macos")))]
    if let Err(error) = over_bus(said) {
        tracing::debug!(%error, "a notification could not be shown");
    }
    #[cfg(windows)]
    if let Err(error) = crate::windows::balloon::show(&said.title, &said.text) {
        tracing::debug!(%error, "a notification could not be shown");
    }
    #[cfg(target_os = "macos")]
    tracing::debug!(title = said.title, "notifications are not shown on macOS yet");
}

/// Desktop Notifications Specification 1.2, "Notify".
#[cfg(all(unix, not(target_os = "macos")))]
fn over_bus(said: &Ringing) -> zbus::Result<()> {
    use std::collections::HashMap;
    use std::time::Duration;
    use zbus::blocking::connection::Builder;
    use zbus::zvariant::Value;

    /// Whoever shows it answers at once.
    const ANSWERS: Duration = Duration::from_secs(5);
    let connection = Builder::session()?.method_timeout(ANSWERS).build()?;
    let nothing: (Vec<&str>, HashMap<&str, Value<'_>>) = Default::default();
    let text = escaped(&said.text);
    let notification = ("Souspli", 0_u32, "souspli", &*said.title, &*text, nothing.0, nothing.1, -1_i32);
    let place = "/org/freedesktop/Notifications";
    let name = "org.freedesktop.Notifications";
    connection.call_method(Some(name), place, Some(name), "Notify", &notification)?;
    Ok(())
}

/// The text is read as markup, the title is not.
#[cfg(all(unix, not(target_os = "macos")))]
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
