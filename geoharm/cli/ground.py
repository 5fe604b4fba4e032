"""The verb `ground`: cut a small ground file for maps out of a large extract.

Exit codes: 0 done; 1 a file that cannot be used, or an --out file that exists; 2 a wrong command line.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoharm._text import shown
from geoharm.cli.lazy import lazy
from geoharm.cli.options import AsJson, print_json

if TYPE_CHECKING:
    from geoharm.geo import area_files, ground_reading, ground_writing
else:
    area_files = lazy("geo.area_files")
    ground_reading = lazy("geo.ground_reading")
    ground_writing = lazy("geo.ground_writing")


def ground(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="The extract: GeoPackage, .osm.pbf, PMTiles, MBTiles, FlatGeobuf, zipped Shapefile."
        ),
    ],
    area: Annotated[Path, typer.Option("--area", help="File of the study area.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="GeoPackage to write; default FILE-ground.gpkg in this folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Cut a small ground file for maps out of a large extract.

    It holds the streets, water, green and names of the study area.
    """
    target = out or Path(f"{file.name.split('.')[0]}-ground.gpkg")
    if target.exists():
        typer.echo(f'"{target}" exists; choose another --out.', err=True)
        raise typer.Exit(1)
    boundary = area_files.read_area(area, None, name="study area")
    found = ground_reading.read_ground([file], area=boundary.geometry, crs=boundary.crs)
    ground_writing.write_ground_file(found, boundary.crs, target)
    shapes: dict[str, int] = {}
    for shape in found.shapes:
        shapes[shape.kind.value] = shapes.get(shape.kind.value, 0) + 1
    sizes = {"read": file.stat().st_size, "written": target.stat().st_size}
    if as_json:
        print_json({"file": str(target), "bytes": sizes, "shapes": shapes, "credits": list(found.credits)})
        return
    print(f"read {file} ({sizes['read'] / 1e6:,.1f} MB)")
    print("  " + ", ".join(f"{count:,} × {kind}" for kind, count in shapes.items()))
    print(f"wrote {target} ({sizes['written'] / 1e6:,.2f} MB), for ground under [publish]")
    for credit in found.credits:
        print(f"  credit, shown on every map: {shown(credit)}")
