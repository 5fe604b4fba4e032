"""Input formats: what each publisher's columns mean, as TOML files, and how they are read."""
