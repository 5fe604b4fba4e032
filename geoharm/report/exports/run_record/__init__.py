"""The records of ``run.json``, by subject: what may be published, with names, types and units."""
