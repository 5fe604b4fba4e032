"""From files to events, with a ledger that balances: read = kept + rejected + duplicate."""
