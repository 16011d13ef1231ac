//! Sentences about what is kept on disk.
