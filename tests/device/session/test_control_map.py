"""Knobs turn what they are mapped to, and take hold of a value only where it stands."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.session.conftest import Play, until
from tests.fixtures.midi_source import GivenSource

from playbach.errors import InputError
from playbach.schema import Value, changed
from playbach.session.control_map import _Hold, knobs_of, position_of, touched, value_at
from playbach.session.parts import Parts
from playbach.session.session import Session
from playbach.session.settings import DEFAULTS, TURNED, as_values
from playbach.session.status import Transport
from playbach.sinks.midi_input import MidiInput, Received

NUMBERS = [one for one in TURNED.values() if not one.choices and one.kind is not bool]


@given(st.sampled_from([*TURNED.values()]), st.integers(0, 127))
def test_a_knob_says_allowed_values_and_stands_where_it_says(setting: object, at: int) -> None:
    assert setting in TURNED.values()
    row = next(one for one in TURNED.values() if one == setting)
    value = value_at(row, at)
    assert row.parse(value, texts=False) == value
    if row.kind is bool:
        return
    stands = position_of(row, value)
    assert stands is not None
    whole = row.choices or row.kind is int
    assert value_at(row, round(stands)) == value or not whole
    assert abs(stands - at) <= (127 if whole else 0.01)


@given(
    st.sampled_from(NUMBERS),
    st.lists(st.one_of(st.integers(0, 127), st.floats(0, 1)), min_size=1, max_size=40),
)
def test_no_value_jumps_but_by_as_much_as_the_knob_was_turned(
    setting: object, done: list[int | float]
) -> None:
    """Whole numbers are where the knob goes; fractions, what somebody else sets the value to."""
    row = next(one for one in NUMBERS if one == setting)
    hold = _Hold()
    value: Value = row.default if row.default is not None else value_at(row, 64)
    before: int | None = None
    for one in done:
        if isinstance(one, float):
            value = value_at(row, round(127 * one))
            continue
        new = hold.turn(row, value, None, one)
        if new != value:
            stood, stands = position_of(row, value), position_of(row, new)
            assert stood is not None
            assert stands is not None
            moved = 3 if before is None else max(abs(one - before), 3)
            coarse = 127 / (row.high - row.low) if row.kind is int else 0  # type: ignore[operator]
            assert abs(stands - stood) <= moved + coarse + 0.01
        value, before = new, one


def test_once_it_has_hold_every_turn_counts() -> None:
    row, hold = TURNED["volume"], _Hold()
    said = [hold.turn(row, 100, None, at) for at in (0, 40, 90)]
    assert said == [100, 100, 100]
    said = [hold.turn(row, before, None, at) for before, at in ((100, 101), (101, 60), (60, 2))]
    assert said == [101, 60, 2]
    # Somebody else moves it: the knob waits until it comes by.
    assert hold.turn(row, 80, None, 3) == 80
    assert hold.turn(row, 80, None, 81) == 81


def test_what_is_mapped_has_one_spelling() -> None:
    given = " Tempo = CC 1 ,pause=cc 64,next_movement = note 60 on 02,form=program 5"
    wanted = "tempo=cc 1, pause=cc 64, next_movement=note 60 on 2, form=program 5"
    settings = changed(DEFAULTS, {"controls": given})
    assert settings.controls == wanted
    assert [f"{name}={knob}" for name, knob in knobs_of(wanted).items()] == wanted.split(", ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tempo", "must be such as"), ("tempo=cc 128", "0 to 127"), ("tempo=cc 1 on 17", "1 to 16"),
        ("tempo=note 60", "only be turned"), ("tempi=cc 1", "did you mean tempo"),
        ("sink=cc 1", "no such setting"), ("bundle=cc 1", "no such"), ("tempo=cc 1,", "such as"),
        ("tempo=cc 1, tempo=cc 2", "each setting and command once"), ("pause=cc \u0661", "such as"),
        ("meter=cc 1", "no such setting"), ("panic=cc 1 on 0", "1 to 16"),
    ],
)  # fmt: skip
def test_what_cannot_be_mapped_is_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as refusal:
        changed(DEFAULTS, {"controls": text})
    assert str(refusal.value).isprintable()


def test_other_messages_touch_nothing() -> None:
    for data in (b"\xf8", b"\xfa", b"\xf2\x01\x02", b"\xe0\x00\x40", b"\xa0\x3c\x40", b"\xd0\x01"):
        assert touched(data) is None


def _is(session: Session, transport: Transport) -> bool:
    return session.status().transport is transport


def test_hands_on_it_turn_press_and_are_learned(play: Play) -> None:
    surface = GivenSource()
    parts = Parts(make_input=lambda _name: MidiInput(surface))
    mapped = "tempo=cc 1, form=cc 2, repeats=note 62, pause=cc 64, next_movement=program 5 on 3"
    wanted = {"control_in": "a surface", "controls": mapped}
    with play(wanted, parts=parts) as (session, listener):
        until(lambda: listener.notes, "a note")

        def hear(*messages: str) -> None:
            surface.coming += [Received(0.0, bytes.fromhex(data)) for data in messages]

        # At 200 beats of 10 to 400 the knob takes hold near 103; a flood of it is one change.
        hear("b0 01 00", "b0 01 40", *(f"b0 01 {at:02x}" for at in range(100, 128)))
        until(lambda: session.settings.tempo == pytest.approx(400), "the tempo")
        hear("b4 02 00", "b4 02 7f")
        until(lambda: session.settings.form == TURNED["form"].choices[-1], "the form")
        hear("90 3e 50", "80 3e 40", "90 3f 50")
        until(lambda: session.settings.repeats, "the repeats")
        hear("90 3e 50", "90 3e 00")
        until(lambda: not session.settings.repeats, "no repeats")
        for transport in (Transport.PAUSED, Transport.PLAYING):
            hear("b0 40 7f", "b0 40 7f", "b0 40 00")
            until(partial(_is, session, transport), transport.value)
        first = session.status().playing.movement
        hear("c0 05", "c2 05")
        until(lambda: session.status().playing.movement != first, "the next movement")
        hear("b5 14 21")
        until(lambda: session.status().touched == "cc 20 on 6", "what was touched last")
        assert session.status().control == "a given input"
        held = as_values(session.settings)
        hear(*10_000 * ["b0 07 11", "ff", "f0 01 f7", "b0"])
        until(lambda: session.status().touches > 9_000, "the flood")
        assert as_values(session.settings) == held
