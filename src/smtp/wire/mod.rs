//! SMTP on the wire (RFC 5321): command lines, replies, and the content of DATA.

pub mod command;
pub mod data;
pub mod reply;

pub use command::{Command, Syntax};
pub use data::{Content, DataDecoder};
pub use reply::{Reply, ReplyReader};
