"""What a file is by its first bytes, where it is not what its format says: web pages, KML, JSON and workbooks."""

from __future__ import annotations

import re

from geoharm._archives import GZIP_START, ZIP_START
from geoharm.errors import DataError
from geoharm.ingest.readers.input_files import InputFile

_HEAD = 4096
_MOST_SHOWN = 60
_WEB_PAGE = re.compile(
    rb"(<!--.*?-->\s*|<\?xml[^>]*\?>\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_TITLE = re.compile(rb"<title[^>]*>\s*(.*?)\s*</title>", re.IGNORECASE | re.DOTALL)
_KML = re.compile(rb"<(\w+:)?kml[\s>]")
_SERVER_ERROR = re.compile(rb"(<\?xml[^>]*\?>\s*)?<(\w+:)?(Error|ExceptionReport|ServiceExceptionReport)[\s>]")
_JSON = re.compile(rb'(\{\s*"|\[\s*\{)')
_JSON_CONTAINERS = ("geojson", "esri-json", "json")
_TEXT_CONTAINERS = ("csv", *_JSON_CONTAINERS, "kml")


def is_kml(start: bytes) -> bool:
    """Return whether a file begins as KML."""
    return _KML.search(start) is not None and start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def refuse_other_kind(source: InputFile, container: str) -> None:
    """Refuse a file that is plainly of another kind than its container, with one true sentence.

    Raises
    ------
    DataError
        If it is a web page, the error message of a server, or KML, JSON or a zip archive under another container.
    """
    with source.open() as stream:
        raw = stream.read(_HEAD)
    if (source.is_gzip or not source.is_plain) and raw.startswith((ZIP_START, GZIP_START)):
        msg = f'The file "{source.name}" is an archive inside an archive; unpack it first.'
        raise DataError(msg)
    start = raw.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _WEB_PAGE.match(start):
        title = _TITLE.search(start)
        shown = f' ("{" ".join(title.group(1).decode("utf-8", "replace").split())[:_MOST_SHOWN]}")' if title else ""
        msg = (
            f'The file "{source.name}" is a web page{shown}, not data, as where a server answers with a page in place of the file. '
            "Fetch it again; if the page holds the table, save it as CSV."
        )
        raise DataError(msg)
    if _SERVER_ERROR.match(start):
        msg = f'The file "{source.name}" is the error message of a server, not data; fetch it again.'
        raise DataError(msg)
    if container in _TEXT_CONTAINERS and container != "kml" and is_kml(start):
        msg = f'"{source.name}" is KML; write container = "kml" in its format.'
        raise DataError(msg)
    if container in ("csv", "kml") and _JSON.match(start):
        msg = f'"{source.name}" is JSON; write container = "geojson", "esri-json" or "json" in its format.'
        raise DataError(msg)
