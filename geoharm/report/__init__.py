"""Pages, tables, charts, maps and files, all made from a release."""
