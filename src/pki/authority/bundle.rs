//! Bundles: authorities as TOML, in the executable or in a newer file of the same name.
