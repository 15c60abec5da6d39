"""The shipped scenarios: one TOML file each, found here once installed."""
