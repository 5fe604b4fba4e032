"""The cities in which `bench.calibration` measures intervals: the ordinary ones, and those of another kind.

`SCENARIOS` vary one setting at a time in a city whose places all drift alike. `MECHANISMS` add what happens in real cities
besides an operation (`bench.mechanisms`), each in two kinds of city:

- *alike*: all places drift alike, by neighbourhood, place and month, as in `SCENARIOS`;
- *own lives*: twenty markets have a random walk, temporary shocks, and a lasting halving or doubling once in ten years, each
  for itself, on a calm background. They hold a third of all events.

The true rates include what happens, and not how it is recorded: the truth is the ratio of true rates with and without the
operation. Where recording changes by district or with the whole city, it changes at placebo places too, so that a method can
learn it. Where it changes in the target alone, none can (`Scenario.impossible`). Nor can any where the centre breaks on the
operation's date and the target is its core, one in eight of "centre breaks, among the busiest": refusals count there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench import mechanisms
from geoharm.simulation.panel_worlds import Markets, PanelSettings

SMOOTH = PanelSettings()
LOCAL = PanelSettings(local_trend=0.12, shock=0.20, own_shock=0.15)
ROUGH = replace(LOCAL, shock=0.35, shock_memory=0.9, own_shock=0.25)
CALM = replace(LOCAL, trend=0.05, local_trend=0.04, bump=0.1, shock=0.08, own_shock=0.05)
OWN = replace(CALM, markets=Markets())
STILL = PanelSettings(season_by_place=0.0, walk=0.0, drift=0.0, trend=0.0, bump=0.0)


@dataclass(frozen=True)
class Scenario:
    """One simulation scenario: how counts vary, the city, how the target is chosen, and what goes wrong.

    Parameters
    ----------
    world : PanelSettings
        How counts vary over places and months.
    side : int
        Units along each edge of a grid city.
    target : int
        Units in the target.
    sites : int
        Sites along each edge of a unit (the unit has the square of it).
    choose : str
        How the target is chosen: "busy", "busiest", "anywhere", "informed", "earlier", "peak", "rising", "risen", "top",
        "marked", "touched" or "elsewhere" (`bench.calibration.choose`).
    leak : float
        Share of events recorded in a neighbouring unit.
    far : float
        Share of the fall that moves to places far away.
    far_places : int
        Number of these places.
    half_life : float
        Months in which the effect halves; 0 for an effect that stays.
    steps_after : int
        Time steps after, where they are not whole months; 0 otherwise.
    operations : int
        Operations in the city.
    fallen : int
        Further operations in the city, each with a fall of 30% in its target; they are known to the study.
    recording : str
        Where recording changes at the operation: "city", "places", "target", or "" for nowhere.
    city : str
        "grid", "polygons", or a key of `bench.worlds.STREET_TARGETS`: streets, and a target of this shape.
    happens, records : tuple of callable
        What else happens in the city, and to what is recorded of it (`bench.mechanisms`), in this order.
    """

    world: PanelSettings
    side: int = 30
    target: int = 9
    sites: int = 1
    choose: str = "busy"
    leak: float = 0.0
    far: float = 0.0
    far_places: int = 10
    half_life: float = 0.0
    steps_after: int = 0
    operations: int = 1
    fallen: int = 0
    recording: str = ""
    city: str = "grid"
    happens: tuple = ()
    records: tuple = ()

    @property
    def impossible(self):
        """Whether no method can be right: what is recorded changes in the target alone, on the operation's date."""
        return self.recording == "target"


SCENARIOS = {
    "base: local, v 2": Scenario(LOCAL),
    "smooth, v 1": Scenario(replace(SMOOTH, dispersion=1.0)),
    "smooth, v 2": Scenario(SMOOTH),
    "smooth, v 5": Scenario(replace(SMOOTH, dispersion=5.0)),
    "local, v 1": Scenario(replace(LOCAL, dispersion=1.0)),
    "local, v 5": Scenario(replace(LOCAL, dispersion=5.0)),
    "rough": Scenario(ROUGH),
    "3 months after": Scenario(replace(LOCAL, after=3)),
    "6 months after": Scenario(replace(LOCAL, after=6)),
    "1 unit": Scenario(LOCAL, target=1, sites=2),
    "4 units": Scenario(LOCAL, target=4, sites=2),
    "30 units": Scenario(LOCAL, target=30),
    "400 units, 24 months": Scenario(replace(LOCAL, before=24), side=20),
    "576 units, 16-unit target": Scenario(LOCAL, side=24, target=16),
    "1,444 units, 48 months": Scenario(replace(LOCAL, before=48), side=38),
    "60 months before": Scenario(replace(LOCAL, before=60)),
    "low rate 0.2": Scenario(replace(LOCAL, rate=0.2)),
    "high rate 8": Scenario(replace(LOCAL, rate=8.0)),
    "chosen on last year's peak": Scenario(LOCAL, choose="peak"),
    "peak, smooth, v 5": Scenario(replace(SMOOTH, dispersion=5.0), choose="peak"),
    "peak, 1 unit": Scenario(LOCAL, target=1, sites=2, choose="peak"),
    "chosen as rising": Scenario(LOCAL, choose="rising"),
    "chosen on an earlier year": Scenario(LOCAL, choose="earlier"),
    "chosen on knowledge": Scenario(LOCAL, choose="informed"),
    "peak, 3 months after": Scenario(replace(LOCAL, after=3), choose="peak"),
    "peak, 400 units, 24 months": Scenario(replace(LOCAL, before=24), side=20, choose="peak"),
    "20% recorded one unit off": Scenario(LOCAL, leak=0.2),
    "5% of units break": Scenario(replace(LOCAL, breaks=0.05)),
    "30% moved to far places": Scenario(LOCAL, far=0.3),
    "half months, 1.5 months after": Scenario(replace(LOCAL, after=2, steps=4, rate=6.0), steps_after=6),
    "effect halves every 4 months": Scenario(LOCAL, half_life=4.0),
    "four operations": Scenario(LOCAL, operations=4),
    "four operations, smooth": Scenario(SMOOTH, operations=4),
    "recording falls 20% everywhere": Scenario(LOCAL, recording="city"),
    "recording changes by neighbourhood": Scenario(LOCAL, recording="places"),
    "recording rises 15% in the target": Scenario(LOCAL, recording="target"),
    "irregular areas (Merseyside)": Scenario(replace(LOCAL, rate=4.0), city="polygons"),
    "irregular areas, peak": Scenario(replace(LOCAL, rate=4.0), city="polygons", choose="peak"),
    "irregular areas, 6 months after": Scenario(replace(LOCAL, rate=4.0, after=6), city="polygons"),
}


def both(name, *, town=0, **settings):
    """Return a scenario in the two kinds of city, by name.

    Parameters
    ----------
    name : str
        What happens.
    town : int
        Number of markets where markets lead their own lives; 0 for as many as in a city.
    **settings
        Parameters of `Scenario`; those of `PanelSettings` (before, after, rate) go to its world.
    """
    of_world = {key: settings.pop(key) for key in ("before", "after", "rate") if key in settings}
    own = replace(OWN, markets=Markets(number=town)) if town else OWN
    return {
        f"{kind}: {name}": Scenario(replace(world, **of_world), **settings)
        for kind, world in (("alike", LOCAL), ("own lives", own))
    }


# Targets that are no compact area: streets drawn as a line of 30 m width, and several places that are one target.
STREETS = {
    **{
        f"{name} as target": Scenario(replace(LOCAL, rate=4.0), city=name)
        for name in ("street", "short street", "long street", "parts", "near parts")
    },
    **{f"{name} as target, own lives": Scenario(replace(OWN, rate=4.0), city=name) for name in ("street", "parts")},
}

MECHANISMS = {
    "own lives": Scenario(OWN),
    "own lives: 8 strong markets": Scenario(
        replace(CALM, markets=Markets(number=8, share=0.5, radius=1.0, size=0.3, walk=0.06, shock=0.25, turns=1 / 90))
    ),
    "markets turn every 5 years, nothing else": Scenario(
        replace(STILL, markets=Markets(walk=0.0, shock=0.0, turns=1 / 60))
    ),
    **both("road axis", happens=(mechanisms.road_axis,)),
    **both("centre breaks", happens=(mechanisms.centre_breaks,), choose="anywhere"),
    **both("centre breaks, among the busiest", happens=(mechanisms.centre_breaks,), choose="busiest"),
    **both(
        "market moves to one far like it", happens=(mechanisms.market_moves,), choose="elsewhere", far=1.0, far_places=1
    ),
    **both("late reports by district", records=(mechanisms.late_reports,), after=6),
    **both("app in half the city", records=(mechanisms.reporting_app,)),
    **both("seasons by place, 4 months", happens=(mechanisms.seasons_by_place,), after=4),
    **both("student area, 4 months", happens=(mechanisms.student_area,), choose="marked", after=4),
    **both("student area, 6 months", happens=(mechanisms.student_area,), choose="marked", after=6),
    **both("bursts of finds", records=(mechanisms.bursts,)),
    **both("rose for 3 months", choose="risen"),
    **both("20 months before", before=20),
    **both("operations on 15% of the ground", fallen=3),
    **both("town of 64 units", town=3, side=8, target=1, sites=2, rate=8.0),
    **both("street with its own shocks", happens=(mechanisms.streets,), choose="marked", target=8),
    **both("24 months after", after=24),
    **both("a site closed before", happens=(mechanisms.sites_close,), choose="touched"),
    **both("moving front", happens=(mechanisms.moving_front,)),
    **both("cleaning rota, 4 months", records=(mechanisms.cleaning_rota,), after=4),
    **both("visitors in the centre, 4 months", happens=(mechanisms.visitors,), choose="marked", after=4),
    **both("shutdown before", happens=(mechanisms.shutdown,)),
    **both("attention follows harm", records=(mechanisms.attention,)),
    **both("two months of files lost", records=(mechanisms.lost_files,)),
    "own lives: shocks with heavy tails": Scenario(replace(CALM, markets=Markets(shock=0.35, memory=0.6, tail=3.0))),
    "own lives: markets return, chosen at the top": Scenario(
        replace(CALM, markets=Markets(walk=0.0, shock=0.5, memory=0.9, turns=0.0)), choose="top"
    ),
    "own lives: a drought in all markets": Scenario(replace(CALM, markets=Markets(slump=0.5, slump_months=5.0))),
}
