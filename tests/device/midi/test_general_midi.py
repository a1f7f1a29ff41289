"""General MIDI's instruments have the numbers that synths know."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.errors import InputError
from playbach.midi.general_midi import INSTRUMENTS, Instrument, find_instrument


def test_every_program_has_a_name_of_its_own() -> None:
    assert [instrument.program for instrument in INSTRUMENTS] == list(range(128))
    assert len({instrument.name for instrument in INSTRUMENTS}) == 128


def test_every_family_has_eight() -> None:
    assert set(Counter(instrument.family for instrument in INSTRUMENTS).values()) == {8}


def test_well_known_numbers() -> None:
    names = {1: "Bright Acoustic Piano", 6: "Harpsichord", 19: "Church Organ", 40: "Violin",
             42: "Cello", 68: "Oboe", 73: "Flute", 127: "Gunshot"}  # fmt: skip
    assert {program: INSTRUMENTS[program].name for program in names} == names


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: instrument.name)
def test_an_instrument_is_found_by_its_name_however_it_is_written(instrument: Instrument) -> None:
    assert find_instrument(instrument.name) == instrument
    assert find_instrument(f" {instrument.name.upper()} ") == instrument


def test_a_part_of_a_name_will_do_if_no_other_has_it() -> None:
    parts = {"harp": "Orchestral Harp", "honky tonk": "Honky-tonk Piano", "english": "English Horn",
             "organ church": "Church Organ", "tremolo": "Tremolo Strings"}  # fmt: skip
    assert {part: find_instrument(part).name for part in parts} == parts
    with pytest.raises(InputError, match="it may be Acoustic Grand Piano, Electric Grand Piano;"):
        find_instrument("grand")
    with pytest.raises(InputError, match=r"no such instrument \(did you mean cello\?\)"):
        find_instrument("celllo")


@given(st.text(max_size=40))
def test_any_word_is_an_instrument_or_one_line(text: str) -> None:
    try:
        found = find_instrument(text)
    except InputError as error:
        (line,) = error.lines
        assert line.startswith("program ")
    else:
        assert found in INSTRUMENTS
