"""From files to events, with a balanced ledger: read = kept + rejected + duplicate."""
