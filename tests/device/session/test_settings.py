"""The table of settings is the one place that says what is allowed."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.composer import sampling, suites
from playbach.errors import InputError
from playbach.session.settings import (
    BY_NAME,
    DEFAULTS,
    TABLE,
    Setting,
    Settings,
    as_values,
    changed,
)

anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())
)


def test_the_table_has_a_row_for_each_field_in_order() -> None:
    assert [row.name for row in TABLE] == [field.name for field in fields(Settings)]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_default_is_allowed(row: Setting) -> None:
    assert row.parse(row.default) == row.default
    if row.default is not None:
        assert row.parse(str(row.default)) == row.default
    assert row.about
    assert row.allowed


@given(st.sampled_from(TABLE), anything)
def test_whatever_is_given_is_a_value_or_an_answer_of_one_line(row: Setting, given: object) -> None:
    try:
        value = row.parse(given)
    except InputError as error:
        said = str(error)
    else:
        said = row.name
        assert row.parse(value) == value
        assert value is None or isinstance(value, row.kind)
    assert said.startswith(row.name)
    assert said.isprintable()
    assert len(said) < 600


def test_limits_are_those_of_the_composer() -> None:
    temperature, memory, tempo = BY_NAME["temperature"], BY_NAME["memory"], BY_NAME["tempo"]
    assert temperature.low == sampling.LOWEST_TEMPERATURE
    assert temperature.high == sampling.HIGHEST_TEMPERATURE
    assert memory.high == sampling.STRONGEST_MEMORY
    assert (tempo.low, tempo.high) == (suites.SLOWEST, suites.FASTEST)
    usual = sampling.Sampling()
    assert (DEFAULTS.top_p, DEFAULTS.memory) == (usual.top_p, usual.memory)


def test_spellings_become_one() -> None:
    wanted = {"key": "d", "form": "Giga", "transpose": "-5", "clock_out": "yes", "tempo": "none"}
    new = changed(DEFAULTS, wanted)
    assert (new.key, new.form, new.transpose) == ("D minor", "gigue", -5)
    assert (new.clock_out, new.tempo) == (True, None)


def test_nowhere_is_a_sink_and_not_the_choice_of_one() -> None:
    assert changed(DEFAULTS, {"sink": "None"}).sink == "none"
    assert changed(DEFAULTS, {"sink": "auto"}).sink is None


def test_one_mistake_changes_nothing_and_says_what_is_allowed() -> None:
    with pytest.raises(InputError, match="tempo 9: it must be 10 to 400 felt beats per minute, or"):
        changed(DEFAULTS, {"transpose": 3, "tempo": 9})
    with pytest.raises(InputError, match="did you mean transpose"):
        changed(DEFAULTS, {"transpoze": 3})
    with pytest.raises(InputError, match=r"transpose 1\.5: it must be a whole number"):
        changed(DEFAULTS, {"transpose": 1.5})
    with pytest.raises(InputError, match="together they must be at most 127"):
        changed(DEFAULTS, {"velocity": 120, "accent": 30})


def test_settings_survive_being_written_down() -> None:
    new = changed(DEFAULTS, {"key": "Bb", "tempo": 66.5, "bundle": "mine.bundle"})
    assert changed(DEFAULTS, as_values(new)) == new
