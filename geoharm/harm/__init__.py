"""What it adds up to: harm under stated weights, activity beside it and outside the sum."""

from geoharm.harm.ledger import EQUAL, harm_ledgers, weighted_sum

__all__ = ["EQUAL", "harm_ledgers", "weighted_sum"]
