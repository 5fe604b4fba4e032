"""Input formats: the meaning of each publisher's columns, as TOML files, and how they are read."""
