"""What it adds up to: harm under stated weights, activity beside it and outside the sum."""

from geoharm.harm.acceptability import acceptability
from geoharm.harm.appraise import DRAWS, appraise_option
from geoharm.harm.bounded import bounded_change
from geoharm.harm.cards import SHIPPED_CARDS, card_text, read_card
from geoharm.harm.draws import Correlation, change_correlation, joint_effects
from geoharm.harm.indicators import indicator_change
from geoharm.harm.markets import SCHOOL, SERVICES, nearest_site, reach_gap, sites_of, threat_row
from geoharm.harm.net import net_harm
from geoharm.harm.noxious import market_size, noxiousness
from geoharm.harm.picture import limited_objective, missing_harms
from geoharm.harm.prioritise import rank_markets, resilience, trend
from geoharm.harm.profiles import SHIPPED, SHIPPED_RATES, profile_text, read_exchange, read_profile
from geoharm.harm.reporting import corrected_effect
from geoharm.harm.scatter import scatter
from geoharm.harm.watch import pool_cells, watch_cell
from geoharm.harm.weighted import weighted_sum
from geoharm.harm.workbooks import offence_weights, profile_from_weights

__all__ = [
    "DRAWS",
    "SCHOOL",
    "SERVICES",
    "SHIPPED",
    "SHIPPED_CARDS",
    "SHIPPED_RATES",
    "Correlation",
    "acceptability",
    "appraise_option",
    "bounded_change",
    "card_text",
    "change_correlation",
    "corrected_effect",
    "indicator_change",
    "joint_effects",
    "limited_objective",
    "market_size",
    "missing_harms",
    "nearest_site",
    "net_harm",
    "noxiousness",
    "offence_weights",
    "pool_cells",
    "profile_from_weights",
    "profile_text",
    "rank_markets",
    "reach_gap",
    "read_card",
    "read_exchange",
    "read_profile",
    "resilience",
    "scatter",
    "sites_of",
    "threat_row",
    "trend",
    "watch_cell",
    "weighted_sum",
]
