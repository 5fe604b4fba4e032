"""What is read from an address text, and that two ways of writing one address are one: golden texts and properties."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoharm.ingest.geocoding.address_words import address_words
from geoharm.ingest.geocoding.addresses import Address, is_same_town, read_address, read_town

# Each line is one address. Street types and their abbreviations: USPS Publication 28, appendix C1; unit words: C2.
SAME = [
    ("12 North Main Street", "12 N. MAIN ST", "12 n main str.", "12 N Main St Apt 3", "12 N Main St, Unit 4B", "12A N Main St"),
    ("667 Massachusetts Avenue", "667 massachusetts av", "667  Massachusetts\u00a0Ave.", "667 Massachusetts Ave #4"),
    ("12 First Street", "12 1st St", "12 1ST STREET", "12 first st."),
    ("5 O'Brien Blvd", "5 OBRIEN BOULEVARD", "5 O\u2019Brien Boul"),
    ("12 Rue de l'Évêque", "12 RUE DE L'EVEQUE"),
    ("Main St & 2nd Ave", "2nd Ave / Main St", "Second Avenue at Main Street", "MAIN ST @ SECOND AV", "Intersection of Main St and 2nd Ave"),
    ("400 block of Main St", "4xx Main Street", "4XX BLOCK OF MAIN ST", "412 block Main St", "400 Blk Main St"),
    ("A St between B St and C St", "A STREET BETW. C STREET & B STREET", "A St btwn B St to C St"),
    ("Flat 3, 12 High St", "12 High Street", "Apt 4, 12 High St, Leeds", "12 High St, Flat 3, Leeds"),
    ("Boston Medical Center, 1 BMC Pl, Boston", "1 BMC Place"),
    ("On or near Higher Road", "Higher Rd", "near: higher road"),
]  # fmt: skip
# No two of a line are one address.
OTHER = [
    ("1 Main St", "11 Main St", "1 Main Ave", "1 N Main St", "1 S Main St", "Main St", "100 block of Main St", "1 Maine St"),
    ("1st St", "21st St", "1 St"),
    ("1 North St", "1 N St"),
    ("37-12 75th St", "38 75th St"),
    ("A St & B St", "A St", "B St & C St", "A St between B St and C St"),
]  # fmt: skip


@pytest.mark.parametrize("texts", SAME)
def test_one_address_in_several_spellings(texts):
    assert len({read_address(text) for text in texts}) == 1


@pytest.mark.parametrize("texts", OTHER)
def test_several_addresses(texts):
    assert len({read_address(text) for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("text", "number", "until", "town"),
    [
        ("830-840 Harrison Ave, Boston, MA 02118", 830, 840, "boston"),
        ("37-12 75th St, Queens NY", 37, 12, "queens"),
        ("12 & 14 Main St", 12, 14, ""),
        ("12 1/2 Main St", 12, -1, ""),
        ("MAIN ST\nEAST BOSTON  MA 02128", -1, -1, "e boston"),
        ("5 High St, St. Helens, UK", 5, -1, "st helens"),
    ],
)
def test_numbers_and_towns(text, number, until, town):
    found = read_address(text)
    assert (found.number, found.until, found.town) == (number, until, town)


def test_a_town_that_is_not_stated_may_be_any():
    assert is_same_town("", "leeds")
    assert is_same_town("st helens", read_town("Saint Helens"))
    assert not is_same_town("leeds", "york")


@given(st.text(max_size=80))
def test_any_text_is_read(text):
    found = read_address(text)
    assert found.streets == tuple(sorted(set(found.streets)))
    assert isinstance(hash(found), int)


WORDS = st.lists(
    st.sampled_from(["main", "park", "st", "n", "1st", "oak hill", "ave", "block", "and", "apt"]),
    min_size=1,
    max_size=4,
)


@given(st.integers(0, 999_999), WORDS, st.sampled_from(["", ", Boston", ", Apt 3, Boston"]))
def test_a_number_before_a_street_is_read_as_in_the_long_way(number, words, rest):
    """Numbers before a street are read once for each street: the short way says what the long one does."""
    from geoharm.ingest.geocoding import addresses  # noqa: PLC0415

    text = f"{number} {' '.join(words)}{rest}"
    short, long = read_address(text), addresses._read_parts(text)
    assert (short, short.until, short.town) == (long, long.until, long.town)


@given(st.integers(1, 99_999), st.sampled_from(["Main", "Melnea Cass", "Martin Luther King"]), st.data())
def test_spelling_makes_no_other_address(number, name, data):
    words = address_words()
    kind = data.draw(st.sampled_from(sorted(words.types)))
    plain = read_address(f"{number} {name} {words.types[kind]}")
    written = read_address(f"{number}  {name.upper()} {kind.title()}.")
    assert plain == written == Address((f"{name.lower()} {words.types[kind]}",), number)


def test_the_files_of_words_agree():
    """No spelling stands for two words, and no word that others stand for stands for another one."""
    seen: dict[str, str] = {}
    for entry in (resources.files("geoharm.ingest.geocoding") / "words").iterdir():
        content = tomllib.loads(entry.read_text(encoding="utf-8"))
        for table in ("types", "directions", "numbers"):
            for spelling, word in content[table].items():
                assert seen.setdefault(spelling, word) == word
    assert not set(seen) & set(seen.values())
