"""All attacks, in the order of the table in the documents."""

from __future__ import annotations

from tests.attacks.kinds_comparisons import COMPARISONS
from tests.attacks.kinds_counts import COUNTS
from tests.attacks.kinds_decision_releases import DECISION_RELEASES
from tests.attacks.kinds_decisions import DECISIONS
from tests.attacks.kinds_diagnostics import DIAGNOSTICS
from tests.attacks.kinds_forecasts import FORECASTS
from tests.attacks.kinds_ledgers import LEDGERS
from tests.attacks.kinds_pages import PAGES
from tests.attacks.kinds_releases import RELEASES

ATTACKS = (*COUNTS, *LEDGERS, *DECISIONS, *DIAGNOSTICS, *FORECASTS, *PAGES, *COMPARISONS, *RELEASES, *DECISION_RELEASES)
