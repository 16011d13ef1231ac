//! Bounds of the dashboard: who may ask it, and how much.

/// Invitations to the dashboard that nobody has used yet.
pub const DASHBOARD_INVITATIONS_MAX: usize = 8;
/// Browsers that look at the dashboard at once.
pub const DASHBOARD_SESSIONS_MAX: usize = 8;
/// Seconds after which a browser that asks nothing must be let in again.
pub const DASHBOARD_IDLE_SECONDS: u64 = 2 * 3600;
/// Octets of a form.
pub const DASHBOARD_FORM_MAX: usize = 64 << 10;
/// Octets of a message that is shown to the dashboard to ask why.
pub const DASHBOARD_MESSAGE_MAX: usize = 32 << 20;
/// Octets of certificates that are shown to the dashboard: an annual export of a practice's correspondents.
pub const DASHBOARD_CERTIFICATES_MAX: usize = 8 << 20;
/// Authorities that are added to the dashboard at once, each looked at.
pub const DASHBOARD_AUTHORITIES_MAX: usize = 16;
/// Fields of one of its forms.
pub const DASHBOARD_FIELDS_MAX: usize = 32;
/// Rows of one of its tables.
pub const DASHBOARD_ROWS_MAX: usize = 200;
/// Cookies of the dashboard's name that one request may bring: pages of other ports may have set theirs for each folder of a path.
pub const DASHBOARD_COOKIES_MAX: usize = 16;
/// Connections to the dashboard at once; further ones wait. A browser has six.
pub const DASHBOARD_CONNECTIONS_MAX: usize = 64;
/// Seconds that the header of a request may take.
pub const DASHBOARD_HEADER_SECONDS: u64 = 10;
/// Seconds that the body of a request may take.
pub const DASHBOARD_BODY_SECONDS: u64 = 20;
/// Octets of a body that is too large which are read and thrown away, for its sender to read the answer.
pub const DASHBOARD_UNREAD_MAX: usize = 128 << 20;
