"""General MIDI's instruments have the numbers that synths know."""

from __future__ import annotations

from collections import Counter

from playbach.instruments import INSTRUMENTS


def test_every_program_has_a_name_of_its_own() -> None:
    assert [instrument.program for instrument in INSTRUMENTS] == list(range(128))
    assert len({instrument.name for instrument in INSTRUMENTS}) == 128


def test_every_family_has_eight() -> None:
    assert set(Counter(instrument.family for instrument in INSTRUMENTS).values()) == {8}


def test_well_known_numbers() -> None:
    names = {1: "Bright Acoustic Piano", 6: "Harpsichord", 19: "Church Organ", 40: "Violin",
             42: "Cello", 68: "Oboe", 73: "Flute", 127: "Gunshot"}  # fmt: skip
    assert {program: INSTRUMENTS[program].name for program in names} == names
