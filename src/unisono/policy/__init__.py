"""A firm's choices as data: one TOML file a pair, checked here; presets reproduce the documented pairs."""
