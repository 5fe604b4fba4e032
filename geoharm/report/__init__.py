"""From what may be published to pages, tables, charts, maps and files."""
