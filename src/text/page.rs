//! What stands in the text of a page, in brackets, for what a page would have shown otherwise: French, one word each.

/// Before what is struck out.
pub const DELETED: &str = "supprimé";
/// Before what a page does not show.
pub const HIDDEN: &str = "masqué";
/// Before the words that stand for a picture.
pub const IMAGE: &str = "image";
