"""backprop-tui, the terminal app. Left empty on purpose: importing any part must not load the rest."""
