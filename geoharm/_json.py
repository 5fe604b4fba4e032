"""JSON files of others: parsed by the standard parser, once it is known how much there is to parse."""

from __future__ import annotations

import gc
import json
from typing import Any

from geoharm import _limits


class JsonFault(Exception):  # noqa: N818 it is no error of the program, but what is wrong with one file
    """What is wrong with a JSON text, as a sentence without its beginning, such as "has 9 lists, and at most 5 are read"."""


def check_json(text: str, *, parts: _limits.Limit) -> None:
    """Refuse a JSON text that holds too much to be parsed.

    Parameters
    ----------
    text : str
    parts : Limit
        The most lists and objects. Each takes some hundred bytes of memory, however few signs it is written with.

    Raises
    ------
    JsonFault
        If there are too many lists, objects or values.
    """
    # Signs inside texts are counted too: the limits leave room for them.
    for limit, found in (
        (parts, text.count("[") + text.count("{")),
        (_limits.JSON_VALUES, text.count(",") + text.count(":")),
    ):
        if found > limit.most:
            raise JsonFault(limit.refusal(found))


def parse_json(text: str) -> Any:
    """Return what a JSON text holds, once it has been checked.

    Raises
    ------
    JsonFault
        If it is nested too deeply, or a number has too many digits.
    json.JSONDecodeError
        If it is not JSON.
    """
    was_collecting = gc.isenabled()
    gc.disable()  # It would look through all lists again and again while they are made, in twice the time.
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except RecursionError as error:
        raise JsonFault(TOO_DEEP) from error
    except ValueError as error:
        # Python reads no whole number of more digits.
        msg = f"has a number of more than {_limits.DIGITS.most:,} digits; {_limits.DIGITS.way_out}"
        raise JsonFault(msg) from error
    finally:
        if was_collecting:
            gc.enable()


TOO_DEEP = _limits.too_deep("lists or objects")
