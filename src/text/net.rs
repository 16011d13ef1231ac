//! Sentences about connections.
