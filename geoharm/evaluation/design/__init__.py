"""Where and when to look: zones, windows, control areas."""
