"""What page one says of an operation: decided by rule on a release, without words; `report/wording` words it."""
