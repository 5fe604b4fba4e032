"""Escaping of text for published files.

All text from data passes through this module. No other module may mark text as safe.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup, escape

from geoharm._text import capitalised, visible_text

# The most letters of a name that a file name shows.
_SLUG = 48


def html(value: object) -> Markup:
    """Return text escaped for HTML, for an attribute, or for SVG.

    Characters that reverse the reading direction are removed, because they can make one name look like another.

    Examples
    --------
    >>> html("<b>")
    Markup('&lt;b&gt;')
    """
    if isinstance(value, Markup):
        return value
    return escape(visible_text(str(value)))


def cell_text(text: str) -> str:
    """Return text that a spreadsheet program shows and never runs as a formula.

    Numbers must not be passed to this function.

    Examples
    --------
    >>> cell_text("=1+1"), cell_text("target")
    ("'=1+1", 'target')
    """
    text = visible_text(text)
    return "'" + text if text.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "|", "\uff1d")) else text


def xml_text(text: str) -> str:
    """Return text for a document whose library escapes it, without the characters that XML forbids."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]", "", visible_text(text))


def json_block(value: object) -> Markup:
    r"""Return JSON that is safe inside a script element.

    No text in it can end the element or break a line.

    Examples
    --------
    >>> print(json_block({"name": "</script>"}))
    {"name":"\u003c/script\u003e"}
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    text = visible_text(text)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def svg(name: str, attributes: Mapping[str, object] | None = None, *children: object) -> Markup:
    """Return an SVG element; attribute values and text children are escaped.

    Examples
    --------
    >>> svg("text", {"x": 1, "text_anchor": "end"}, "a & b")
    Markup('<text x="1" text-anchor="end">a &amp; b</text>')
    """
    attribute_texts = [
        f' {key.replace("_", "-")}="{html(_short_number(value))}"' for key, value in (attributes or {}).items()
    ]
    inside = "".join(html(child) for child in children)
    return Markup(f"<{name}{''.join(attribute_texts)}>{inside}</{name}>")


def element(name: str, *children: object, **attributes: str | None) -> Markup:
    """Return an HTML element; text children and attribute values are escaped.

    Attributes whose value is None are left out. `css_class` stands for ``class``, an underscore for a hyphen.

    Examples
    --------
    >>> element("p", "a < b", css_class="small", data_head=None)
    Markup('<p class="small">a &lt; b</p>')
    """
    attribute_texts = [
        f' {"class" if key == "css_class" else key.replace("_", "-")}="{html(value)}"'
        for key, value in attributes.items()
        if value is not None
    ]
    return Markup(f"<{name}{''.join(attribute_texts)}>{''.join(html(child) for child in children)}</{name}>")


def asset(name: str) -> str:
    """Return the content of a text file among the assets of this package."""
    return resources.files("geoharm.report").joinpath("assets", name).read_text(encoding="utf-8")


def render_page(
    template: str, *, style: str, scripts: tuple[str, ...] = (), hosts: tuple[str, ...] = (), **context: Any
) -> str:
    """Return a whole HTML page that loads and runs only what it contains.

    Parameters
    ----------
    template : str
        Name of a Jinja template among the assets; it gets ``policy``, ``style`` and ``scripts``.
    style : str
        CSS of the page.
    scripts : tuple of str
        JavaScript texts, run in this order. The page's policy names their hashes, so no other script can run.
    hosts : tuple of str
        Hosts from which pictures may be loaded over https; none by default.
    **context
        Values for the template.
    """
    policy = [
        "default-src 'none'",
        " ".join(["img-src data:", *(f"https://{host}" for host in hosts)]),
        f"style-src {_hash_source(style)}",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    if scripts:
        policy.append("script-src " + " ".join(_hash_source(script) for script in scripts))
    return (
        _environment()
        .get_template(template)
        .render(
            policy="; ".join(policy), style=Markup(style), scripts=[Markup(script) for script in scripts], **context
        )
    )


def _template(name: str) -> str:
    return asset(name)


@functools.cache
def _environment() -> jinja2.Environment:
    """Return the jinja environment that reads templates from the assets; it is created once."""
    loader = jinja2.FunctionLoader(_template)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.finalize = _printable
    environment.filters["first_capital"] = capitalised
    return environment


def _printable(value: object) -> object:
    """Return a value of a template as it is printed.

    Raises
    ------
    TypeError
        If it is neither text nor a number: a noun must be put into words or HTML first.
    """
    if isinstance(value, str):
        return html(value)
    if isinstance(value, int | float | jinja2.Undefined):
        return value
    msg = f"A template cannot print a {type(value).__name__}."
    raise TypeError(msg)


def _hash_source(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode() + "'"


def _short_number(value: object) -> object:
    """Return a float as text with at most two decimals, so that drawings are small and the same on every machine."""
    if not isinstance(value, float):
        return value
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def slug(name: str) -> str:
    """Return a name that is safe in a file name on every system, of at most 48 letters.

    Examples
    --------
    >>> slug("Clean Sweep: Mass & Cass")
    'clean-sweep-mass-cass'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_SLUG].strip("-") or "operation"
