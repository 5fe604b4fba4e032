"""The nouns: frozen, validated; no files, no database, no drawing."""

from geoharm.model.counts import Change, ZoneCounts
from geoharm.model.estimate import Estimate, Interval, undefined
from geoharm.model.ledger import DefaultGeocode, FileLedger, SourceLedger
from geoharm.model.measure import BORNE_BY, HARM_TYPES, RECORDERS, UNITS, Harm, Measure, Role
from geoharm.model.period import Period, Window, add_months, first_of_month, month_name
from geoharm.model.place import Points, Site, StudyArea, Zone, ZoneRole, check_polygon
from geoharm.model.result import (
    ALL_RINGS,
    DURING,
    TARGET_AND_RINGS,
    TARGET_GAP_AND_RINGS,
    Design,
    Effect,
    HarmLedger,
    HotspotResult,
    MeasureResult,
    OperationResult,
    StudyResult,
)
from geoharm.model.study import (
    KINDS,
    TACTICS,
    BeforeRule,
    HotspotSettings,
    Operation,
    PublishSettings,
    Source,
    Study,
)
from geoharm.model.surface import Grid, Hotspot, Surface, grid_over

__all__ = [
    "ALL_RINGS",
    "BORNE_BY",
    "DURING",
    "HARM_TYPES",
    "KINDS",
    "RECORDERS",
    "TACTICS",
    "TARGET_AND_RINGS",
    "TARGET_GAP_AND_RINGS",
    "UNITS",
    "BeforeRule",
    "Change",
    "DefaultGeocode",
    "Design",
    "Effect",
    "Estimate",
    "FileLedger",
    "Grid",
    "Harm",
    "HarmLedger",
    "Hotspot",
    "HotspotResult",
    "HotspotSettings",
    "Interval",
    "Measure",
    "MeasureResult",
    "Operation",
    "OperationResult",
    "Period",
    "Points",
    "PublishSettings",
    "Role",
    "Site",
    "Source",
    "SourceLedger",
    "Study",
    "StudyArea",
    "StudyResult",
    "Surface",
    "Window",
    "Zone",
    "ZoneCounts",
    "ZoneRole",
    "add_months",
    "check_polygon",
    "first_of_month",
    "grid_over",
    "month_name",
    "undefined",
]
