"""The table of settings is the one place that says what is allowed."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.composer.settings import Sampling, Wishes
from playbach.errors import InputError
from playbach.playback.controls import ChannelSettings
from playbach.schema import MAX_MISTAKES, Setting, changed, settings_of
from playbach.session.model import composer_settings
from playbach.session.settings import DEFAULTS, GROUPS, TABLE, Settings, as_values

anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())
)


def test_the_table_has_a_row_for_each_field_in_order() -> None:
    assert list(TABLE) == [field.name for field in fields(Settings)]


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_every_default_is_allowed(row: Setting) -> None:
    assert row.parse(row.default) == row.default
    if row.default is not None:
        assert row.parse(str(row.default)) == row.default
    assert row.help
    assert row.range
    assert row.group in GROUPS


@given(st.sampled_from(list(TABLE.values())), anything)
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


@pytest.mark.parametrize("layer", [Sampling, Wishes, ChannelSettings])
def test_a_layer_below_has_the_same_limits_and_meaning(
    layer: type[Sampling | Wishes | ChannelSettings],
) -> None:
    for name, setting in settings_of(layer).items():
        assert replace(TABLE[name], default=setting.default) == setting
    assert composer_settings(DEFAULTS).sampling == Sampling()


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


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(InputError) as refusal:
        changed(DEFAULTS, {"tempo": "x", "program": "organ", "transpoze": 3, "volume": 90})
    tempo, program, name = refusal.value.lines
    assert tempo.startswith("tempo x: it must be 10 to 400")
    assert "it may be Drawbar Organ, Percussive Organ, Rock Organ, Church Organ," in program
    assert "did you mean transpose" in name


def test_of_a_flood_of_mistakes_the_first_are_told() -> None:
    with pytest.raises(InputError) as refusal:
        changed(DEFAULTS, {f"x{number}": 1 for number in range(3_000)})
    assert len(refusal.value.lines) == MAX_MISTAKES
    assert refusal.value.lines[0].startswith('setting "x0": there is no such setting')


def test_an_instrument_may_be_named() -> None:
    for text, program in {"cello": 42, "Church organ": 19, "harp": 46, " 6 ": 6}.items():
        assert changed(DEFAULTS, {"program": text}).program == program


def test_a_reader_of_json_takes_no_text_for_a_number() -> None:
    wrong = {"tempo": "80", "clock_out": "yes", "program": "cello", "form": 3}
    with pytest.raises(InputError) as refusal:
        changed(DEFAULTS, wrong, texts=False)
    assert [line.split()[0] for line in refusal.value.lines] == list(wrong)
    assert changed(DEFAULTS, {"tempo": 80, "form": "auto"}, texts=False).tempo == 80


def test_settings_survive_being_written_down() -> None:
    new = changed(DEFAULTS, {"key": "Bb", "tempo": 66.5, "bundle": "mine.bundle"})
    assert changed(DEFAULTS, as_values(new)) == new
