"""Maps: the interactive map, static maps, and their layers."""
