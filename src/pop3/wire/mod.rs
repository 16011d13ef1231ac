//! The grammar of POP3: commands, replies, and content that ends with a dot on a line of its own. Nothing is repaired.

pub mod command;
pub mod content;
pub mod lines;
pub mod reply;

pub use command::{Command, Syntax};
pub use lines::{BadLine, Lines};
pub use reply::{Heard, Replies, Reply};
