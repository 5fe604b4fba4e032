"""Every shape of a date text is read as the day and time that a person reads, by SQL and by Python alike, or not at all."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.dates import names as date_names
from geoharm.dates.names import MONTHS, WEEKDAYS
from geoharm.dates.patterns import date_pattern_sql, finest_unit
from geoharm.dates.reading import read_date
from geoharm.errors import StudyError
from geoharm.ingest.formats.input_format import parse_format

DAY, MINUTE, SECOND = datetime(2017, 1, 3), datetime(2017, 1, 3, 14, 5), datetime(2017, 1, 3, 14, 5, 9)
# pattern, text, what a person reads; with an offset the moment in UTC
SHAPES = [
    ("%Y/%m/%d %H:%M:%S+00", "2017/01/03 14:05:09+00", SECOND),
    ("%Y-%m-%d %H:%M:%S.%f+00", "2017-01-03 14:05:09.123+00", SECOND.replace(microsecond=123_000)),
    ("%Y-%m-%d %H:%M:%S UTC", "2017-01-03 14:05:09 UTC", SECOND),
    ("%Y-%m-%d %H:%M:%S GMT", "2017-01-03 14:05:09 GMT", SECOND),
    ("%Y-%m-%dT%H:%M:%S.%f%z", "2017-01-03T14:05:09.000-08:00", SECOND + timedelta(hours=8)),
    ("%Y-%m-%dT%H:%M:%S%z", "2017-01-03T14:05:09+0530", SECOND - timedelta(hours=5, minutes=30)),
    ("%b %d %Y %I:%M%p", "Jan 3 2017 12:00AM", DAY),
    ("%b %d %Y %I:%M%p", "Jan  3 2017  2:05PM", MINUTE),
    ("%A, %B %d, %Y", "Tuesday, January 3, 2017", DAY),
    ("%d%b%Y:%H:%M:%S", "03JAN2017:14:05:09", SECOND),
    ("%Y.%m.%d", "2017.01.03", DAY),
    ("%YM%m", "2017M01", datetime(2017, 1, 1)),
    ("%Y%m", "201701", datetime(2017, 1, 1)),
    ("%Y-%m-%d %I:%M:%S %p", "2017-01-03 2:05:09 PM", SECOND),
    ("%Y%m%d%H%M%S", "20170103140509", SECOND),
    ("%YQ%q", "2017Q1", datetime(2017, 1, 1)),
    ("Q%q %Y", "Q4 2017", datetime(2017, 10, 1)),
    ("%d. %B %Y", "3. Januar 2017", DAY),
    ("%d. %b %Y", "3. Jän. 2017", DAY),
    ("%A, %d. %B %Y", "Dienstag, 3. Januar 2017", DAY),
    ("%a, %d.%m.%Y", "Di., 03.01.2017", DAY),
    ("%d. %B %Y, %H:%M Uhr", "3. März 2017, 14:05 Uhr", datetime(2017, 3, 3, 14, 5)),
    ("%d %B %Y", "3 januari 2017", DAY),
    ("%A %d %B %Y", "dinsdag 3 januari 2017", DAY),
    ("%d %b %Y", "3 mrt. 2017", datetime(2017, 3, 3)),
    ("%d %B %Y", "3 janvier 2017", DAY),
    ("%d %B %Y", "1er mars 2017", datetime(2017, 3, 1)),
    ("%A %d %B %Y", "mardi 3 janvier 2017", DAY),
    ("%d %b %Y", "3 févr. 2017", datetime(2017, 2, 3)),
    ("%d %b %Y", "3 DÉC 2017", datetime(2017, 12, 3)),
    ("%d %b %Y", "3 aou\u0302t 2017", datetime(2017, 8, 3)),
    ("%d/%m/%Y %Hh%M", "03/01/2017 14h05", MINUTE),
    ("%d/%m/%Y à %H:%M", "03/01/2017 à 14:05", MINUTE),
    ("%d de %B de %Y", "3 de enero de 2017", DAY),
    ("%A, %d de %B de %Y", "martes, 3 de enero de 2017", DAY),
    ("%d-%b-%Y", "3-sep-2017", datetime(2017, 9, 3)),
    ("%d/%m/%Y %I:%M:%S %p", "03/01/2017 02:05:09 p. m.", SECOND),
    ("%d/%m/%Y %I:%M %p", "3/1/2017 2:05\u00a0p.m.", MINUTE),
    ("%d/%m/%Y %I:%M %p", "3/1/2017 12:05 a. m.", datetime(2017, 1, 3, 0, 5)),
    ("%B %d, %Y", "January 3rd, 2017", DAY),
    ("%b %d, %Y", "Sept. 3, 2017", datetime(2017, 9, 3)),
    ("%a %b %d %H:%M:%S %Y", "Tue Jan  3 14:05:09 2017", SECOND),
    ("%a, %d %b %Y %H:%M:%S %z", "Tue, 03 Jan 2017 14:05:09 +0100", SECOND - timedelta(hours=1)),
    ("%Y-%m-%d %H:%M:%S.%f", "2017-01-03 14:05:09.1234567", SECOND.replace(microsecond=123_456)),
    ("%d.%m.%Y %H.%M", "03.01.2017 14.05", MINUTE),
    ("%Y-%j", "2017-003", DAY),
    ("epoch-ms", "1483452309000", SECOND),
    ("epoch-ms", "/Date(1483452309000)/", SECOND),
    ("epoch-ms", "/Date(1483452309000+0100)/", SECOND),
    ("epoch-s", "1483452309", SECOND),
    ("excel-serial", "42738.58690972222", SECOND),
]  # fmt: skip
# pattern, text that no person reads as a date of the pattern
REFUSED = [
    ("%A, %B %d, %Y", "Monday, January 3, 2017"),
    ("%d %B %Y", "30 februari 2017"),
    ("%d %B %Y", "3 janua 2017"),
    ("%Y%m%d", "2017103"),
    ("%Y%m%d", "2017013"),
    ("%Y%m", "20171"),
    ("%Y%m%d%H%M%S", "2017010314059"),
    ("%Y-%m-%d %I:%M %p", "2017-01-03 13:05 PM"),
    ("%Y-%m-%d %I:%M %p", "2017-01-03 0:05 a.m."),
    ("%Y-%m-%dT%H:%M:%S%z", "2017-01-03T14:05:09+99:00"),
    ("%Y-%m-%dT%H:%M:%S%z", "2017-01-03T14:05:09+01:75"),
    ("%YQ%q", "2017Q5"),
    ("%Y-%j", "2017-366"),
    ("%Y-%j", "2017-000"),
    ("epoch-s", "1483452309000"),
    ("epoch-ms", "1483452309"),
    ("excel-serial", "1483452309"),
    ("%d/%m/%Y", "3/4/0017"),
]
# A second table of names, one spelling a month, by which the referee writes texts.
NAMES = {
    "English": "January February March April May June July August September October November December",
    "English, short": "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec",
    "German": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "German, short": "Jan. Feb. Mrz. Apr. Mai Jun. Jul. Aug. Sep. Okt. Nov. Dez.",
    "Dutch": "januari februari maart april mei juni juli augustus september oktober november december",
    "French": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "French, short": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "French, capitals without accents": "JANVIER FEVRIER MARS AVRIL MAI JUIN JUILLET AOUT SEPTEMBRE OCTOBRE NOVEMBRE DECEMBRE",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "Spanish, short": "ene feb mar abr may jun jul ago sep oct nov dic",
}
DAYS = {
    "English": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "German": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "Dutch": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "French": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "Spanish": "lunes martes miércoles jueves viernes sábado domingo",
}


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as opened:
        yield opened


def by_sql(connection, texts, pattern, **given):
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE t AS SELECT unnest(?) AS s, generate_subscripts(?, 1) AS n", [texts, texts]
    )
    return [row[0] for row in connection.execute(f"SELECT {date_pattern_sql('s', pattern, **given)} FROM t ORDER BY n").fetchall()]  # fmt: skip


def by_python(text, pattern):
    found = read_date(text, pattern)
    return found.astimezone(UTC).replace(tzinfo=None) if found and found.tzinfo else found


@pytest.mark.parametrize(("pattern", "text", "meant"), SHAPES, ids=[text for _, text, _ in SHAPES])
def test_a_shape_is_read_as_a_person_reads_it(connection, pattern, text, meant):
    assert by_sql(connection, [text], pattern) == [meant]
    assert by_python(text, pattern) == meant


@pytest.mark.parametrize(("pattern", "text"), REFUSED, ids=[text for _, text in REFUSED])
def test_a_text_that_names_no_day_or_two_is_not_read(connection, pattern, text):
    assert by_sql(connection, [text], pattern) == [None]
    assert read_date(text, pattern) is None


def written(moment, pattern, language):
    """Write a moment by a pattern, in the plainest way: letter by letter, from this file's own tables."""
    months, days = NAMES[language].split(), DAYS[language.split(",")[0]].split()
    hour = moment.hour % 12 or 12
    parts = {
        "Y": f"{moment.year:04d}", "y": f"{moment.year % 100:02d}", "m": f"{moment.month:02d}", "d": f"{moment.day:02d}",
        "H": f"{moment.hour:02d}", "I": str(hour), "M": f"{moment.minute:02d}", "S": f"{moment.second:02d}",
        "f": f"{moment.microsecond:06d}", "p": "PM" if moment.hour > 11 else "a.m.", "B": months[moment.month - 1],
        "b": months[moment.month - 1], "A": days[moment.weekday()], "a": days[moment.weekday()],
        "j": str(moment.timetuple().tm_yday), "q": str((moment.month + 2) // 3), "z": "+02:30",
    }  # fmt: skip
    text, at = "", 0
    while at < len(pattern):
        if pattern[at] == "%":
            text += parts[pattern[at + 1]]
            at += 2
        else:
            text += pattern[at]
            at += 1
    return text


def meant_by(moment, pattern):
    """Return what a pattern leaves of a moment."""
    if "%q" in pattern:
        return datetime(moment.year, (moment.month + 2) // 3 * 3 - 2, 1)
    unit = finest_unit(pattern)
    kept = {"year": 1, "month": 2, "day": 3}.get(unit)
    if kept:
        return datetime(*[*moment.timetuple()[:kept], 1, 1][:3])
    fraction = moment.microsecond if "%f" in pattern else 0
    second = moment.second if "%S" in pattern else 0
    found = moment.replace(second=second, microsecond=fraction)
    return found - timedelta(hours=2, minutes=30) if "%z" in pattern else found


PATTERNS = sorted(
    {pattern for pattern, _, _ in SHAPES if "%" in pattern and not pattern.endswith(("+00", "UTC", "GMT"))}
    | {"%Y-%m-%d", "%d/%m/%y %H:%M", "%d%m%Y", "%B %Y", "%y%m%d", "%Y%m%dT%H%M%S", "%a %d %b %y", "%d%b%y", "%b-%Y"}
)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_what_is_written_by_a_pattern_is_read_by_it(connection, data):
    pattern, language = data.draw(st.sampled_from(PATTERNS)), data.draw(st.sampled_from(sorted(NAMES)))
    moments = data.draw(st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2068, 1, 1)), min_size=1, max_size=12))
    texts = [written(moment, pattern, language) for moment in moments]
    meant = [meant_by(moment, pattern) for moment in moments]
    assert by_sql(connection, texts, pattern) == meant
    assert [by_python(text, pattern) for text in texts] == meant


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_sql_and_python_read_and_refuse_the_same_spoilt_texts(connection, data):
    pattern, language = data.draw(st.sampled_from(PATTERNS)), data.draw(st.sampled_from(sorted(NAMES)))
    dice = random.Random(data.draw(st.integers(0, 2**32)))
    texts = []
    for _ in range(30):
        moment = datetime(2000, 1, 1) + timedelta(minutes=dice.randrange(10**7))
        text = list(written(moment, pattern, language))
        for _ in range(dice.randint(1, 2)):
            at = dice.randrange(len(text))
            text[at : at + 1] = dice.choice([[], ["0"], ["3"], ["9"], [text[at], text[at]], ["."], ["-"], ["é"], ["a"]])
            text = text or ["1"]
        texts.append("".join(text).strip() or "1")
    assert by_sql(connection, texts, pattern) == [by_python(text, pattern) for text in texts], texts


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from(sorted(DAYS)), st.dates(datetime(1950, 1, 1).date(), datetime(2060, 1, 1).date()), st.integers(1, 6)
)
def test_a_weekday_of_another_day_is_not_read(connection, language, day, shift):
    wrong = DAYS[language].split()[(day.weekday() + shift) % 7]
    text = f"{wrong} {day:%Y-%m-%d}"
    assert by_sql(connection, [text], "%A %Y-%m-%d") == [None]
    assert read_date(text, "%A %Y-%m-%d") is None


def test_no_name_stands_for_two_months_or_days():
    """A spelling stands for one number, whatever its language; else the later one would have won in silence."""
    for lines in (date_names._MONTHS, date_names._WEEKDAYS):
        meanings = [(spelling, number) for number, line in enumerate(lines) for spelling in date_names._numbers([line])]
        assert len(dict(meanings)) == len(set(meanings))
    for names, table in ((NAMES, MONTHS), (DAYS, WEEKDAYS)):
        for language, line in names.items():
            for number, name in enumerate(line.split(), start=1):
                assert table[name.lower().strip(".")] == number, (language, name)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.datetimes(datetime(1975, 1, 1), datetime(2100, 1, 1)), min_size=1, max_size=20))
def test_numbers_since_1970_and_day_numbers_are_read_to_the_second(connection, moments):
    moments = [moment.replace(microsecond=0) for moment in moments]
    seconds = [int((moment - datetime(1970, 1, 1)).total_seconds()) for moment in moments]
    serials = [repr((moment - datetime(1899, 12, 30)) / timedelta(days=1)) for moment in moments]
    for pattern, texts in (
        ("epoch-s", list(map(str, seconds))),
        ("epoch-ms", [f"{number}000" for number in seconds]),
        ("epoch-ms", [f"/Date({number}000)/" for number in seconds]),
        ("excel-serial", serials),
    ):
        assert by_sql(connection, texts, pattern) == moments
        assert [by_python(text, pattern) for text in texts] == moments


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("%d.%m.%Y %U", "has %U, which is not known; known are %A, %a, %B, %b, %d, %f, %H, %I, %j, %M, %m, %p, %q, %S, %Y, %y, %z."),
        ("%d/%m/%Y %I:%M", "reads hours up to 12 and no AM or PM"),
        ("%d/%m/%Y %H:%M %p", "reads AM or PM and no hours up to 12"),
        ("%d/%m/%Y %d", "has %d more than once"),
        ("%YQ%q", 'names no month; write precision = "year".'),
    ],
)  # fmt: skip
def test_a_pattern_that_would_be_read_otherwise_than_meant_is_refused(pattern, sentence):
    text = f'[columns]\ndate = "d"\nlongitude = "x"\nlatitude = "y"\n[date]\nformats = ["{pattern}"]\n'
    with pytest.raises(StudyError) as refused:
        parse_format("own.toml", text)
    assert sentence in str(refused.value)
