"""Places of events: addresses, default geocodes, and places recovered from address texts."""
