"""Disclosure control: from a result to what may be published of it. Only `protect` makes a `Release`."""
