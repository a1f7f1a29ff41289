"""A port is found by part of its name, and a wrong name is answered helpfully."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.errors import PortError
from playbach.sinks.matching import find_port, likeliest, match, preferred, stable_name

NAMES = ["Midi Through:Midi Through Port-0 14:0", "USB Piano:USB Piano MIDI 1 20:0", "FLUID:x 9:0"]


@pytest.mark.parametrize(
    ("pattern", "index"),
    [("piano", 1), ("fluid", 2), ("*midi 1*", 1), ("[uf]*", 1), ("through", 0), (NAMES[2], 2)],
)
def test_part_of_a_name_or_a_glob_finds_the_port(pattern: str, index: int) -> None:
    assert find_port(pattern, NAMES, "MIDI") == index


def test_a_whole_name_goes_before_a_part_of_another() -> None:
    assert find_port("synth", ["my synth", "Synth"], "MIDI") == 1


def test_a_wrong_name_lists_the_ports_and_suggests_the_nearest() -> None:
    with pytest.raises(PortError) as caught:
        find_port("USB Pinao", NAMES, "MIDI")
    assert "did you mean 'USB Piano:USB Piano MIDI 1 20:0'?" in str(caught.value)
    assert all(name in str(caught.value) for name in NAMES)
    assert "\n" not in str(caught.value)


def test_no_ports_at_all_is_said() -> None:
    with pytest.raises(PortError, match="there is none"):
        find_port("x", [], "MIDI")


def test_a_port_that_leads_nowhere_is_not_taken_by_itself() -> None:
    assert likeliest(NAMES) == 1
    assert likeliest(NAMES[:1]) is None


def test_the_first_pattern_that_fits_is_preferred() -> None:
    assert find_port("organ, fluid, piano", NAMES, "MIDI") == 2
    assert find_port("organ,piano,fluid", NAMES, "MIDI") == 1
    assert preferred("organ, harpsichord", NAMES) is None


def test_a_name_with_a_comma_is_found_as_a_whole() -> None:
    assert find_port("Left, right", ["right", "Left, right"], "MIDI") == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("USB Piano:USB Piano MIDI 1 20:0", "USB Piano:USB Piano MIDI 1 24:0"),
        ("FLUID (71):Synth (71:0) 128:0", "FLUID (4099):Synth (4099:0) 129:0"),
        ("synth:midi_00", "synth:midi_00"),
    ],
)
def test_a_synth_that_comes_back_with_other_numbers_is_the_same(before: str, after: str) -> None:
    assert stable_name(before) == stable_name(after)
    assert match(before, ["another 20:1", after]) == 1
    assert preferred(None, ["another 20:1", after], before) == 1


def test_without_a_pattern_another_synth_takes_the_place_of_one_that_has_gone() -> None:
    assert preferred(None, NAMES, "Harpsichord:out 30:0") == 1


@given(st.text(max_size=200), st.lists(st.text(max_size=30), max_size=5))
def test_any_pattern_finds_a_port_or_says_why_in_one_line(pattern: str, names: list[str]) -> None:
    try:
        found = find_port(pattern, names, "MIDI")
    except PortError as error:
        lines = str(error).splitlines()
    else:
        lines = [names[found]]
    assert len(lines) == 1
