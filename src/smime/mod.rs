//! S/MIME (RFC 8551) over CMS (RFC 5652): what is sealed, what is opened, and what a signature proves.

pub mod class;
