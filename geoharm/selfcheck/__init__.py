"""Published numbers, computed again: every row holds its source, what was published, what comes out here, and a tolerance."""

from geoharm.selfcheck.check import selfcheck
from geoharm.selfcheck.row import Row

__all__ = ["Row", "selfcheck"]
