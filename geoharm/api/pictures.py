"""Pictures of results: SVG that a notebook shows, and that can be saved as SVG or PNG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from geoharm.errors import PublishError
from geoharm.report.document import Chart
from geoharm.report.exports.pictures import picture_png, picture_svg


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing, which notebooks show by themselves.

    Attributes
    ----------
    chart : Chart
    """

    chart: Chart

    @property
    def svg(self) -> str:
        """The drawing as the text of an SVG file."""
        return picture_svg(self.chart)

    @property
    def png(self) -> bytes:
        """The drawing as a PNG, 170 mm wide at 300 dots an inch."""
        return picture_png(self.chart)

    def save(self, path: str | Path) -> Path:
        """Write the drawing to a file that ends in .svg or .png, and return its path.

        Raises
        ------
        PublishError
            If the name ends otherwise.
        """
        file = Path(path)
        if file.suffix.lower() == ".svg":
            file.write_text(self.svg, encoding="utf-8")
        elif file.suffix.lower() == ".png":
            file.write_bytes(self.png)
        else:
            msg = f'A picture is saved as .svg or .png; "{file.name}" was given.'
            raise PublishError(msg)
        return file

    def _repr_html_(self) -> str:
        """Return the drawing for a notebook."""
        return self.svg

    def __repr__(self) -> str:
        return f"<Picture: {self.chart.title}>"
