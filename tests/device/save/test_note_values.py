"""How sounds are written in the bar: expectations as a musician would pencil them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.music.meter import Meter, parse_meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.save.bars import Written, bars_of
from playbach.save.note_values import VALUES, bar_window, in_triplet, triplets, written

SHORT = {"64th": "64", "32nd": "32", "16th": "16", "eighth": "8", "quarter": "4", "half": "2",
         "whole": "1", "breve": "b"}  # fmt: skip


def pencilled(one: Written) -> str:
    """``4.`` a dotted quarter, ``~`` tied on, ``r`` a rest, ``3(`` ... ``)`` a triplet."""
    if one.value is None:
        return "R"
    rest = "" if one.notes else "r"
    tie = "~" if any(one.ties) else ""
    text = f"{rest}{SHORT[one.value.kind]}{'.' * one.value.dots}{tie}"
    return f"{'3(' if one.opens else ''}{text}{')' if one.closes else ''}"


def line(meter: str, *durations: int, pickup: int = 0) -> str:
    """Notes (silences where negative) of these ticks, bars divided by ``|``."""
    notes, at = [], 0
    for index, duration in enumerate(durations):
        if duration > 0:
            notes.append(Note(Ticks(at), Pitch(48 + index % 12), Ticks(duration)))
        at += abs(duration)
    piece = Piece(tuple(notes), meters=((Ticks(0), parse_meter(meter)),), pickup=Ticks(pickup))
    return " | ".join(" ".join(map(pencilled, bar.voices[1])) for bar in bars_of(piece))


@pytest.mark.parametrize(
    ("meter", "durations", "expected"),
    [
        # Plain and dotted values where they belong.
        ("4/4", (24, 24, 48), "4 4 2"),
        ("4/4", (96,), "1"),
        ("3/4", (72,), "2."),
        ("3/4", (36, 12, 24), "4. 8 4"),
        ("3/4", (24, 48), "4 2"),
        ("6/8", (36, 36), "4. 4."),
        ("6/8", (24, 12, 12, 24), "4 8 8 4"),
        ("12/8", (72, 72), "2. 2."),
        ("3/8", (18, 6, 12), "8. 16 8"),
        ("2/2", (72, 24), "2. 4"),
        ("3/2", (144,), "1."),
        ("4/2", (192,), "b"),
        # Syncopations that readers know.
        ("4/4", (12, 24, 12, 48), "8 4 8 2"),
        ("4/4", (24, 48, 24), "4 2 4"),
        # What hides a beat is tied.
        ("4/4", (36, 24, 36), "4. 8~ 8 4."),
        ("4/4", (18, 12, 66), "8. 16~ 16 8.~ 2"),
        ("6/8", (24, 24, 24), "4 8~ 8 4"),
        ("6/8", (48, 24), "4.~ 8 4"),
        ("5/4", (120,), "1~ 4"),
        ("9/8", (108,), "2.~ 4."),
        # Two values rather than three, and the longer first where it begins on a beat.
        ("3/4", (60, 12), "2~ 8 8"),
        ("3/4", (12, 60), "8 8~ 2"),
        ("3/2", (120, 24), "1~ 4 4"),
        # Over the bar line.
        ("3/4", (48, 48, 48), "2 4~ | 4 2"),
        # Triplets of every size, also when one of the three is a rest or two are one.
        ("2/4", (8, 8, 8, 24), "3(8 8 8) 4"),
        ("2/4", (16, 16, 16), "3(4 4 4)"),
        ("2/4", (16, 8, 24), "3(4 8) 4"),
        ("2/4", (8, -8, 8, 24), "3(8 r8 8) 4"),
        ("2/4", (4, 4, 4, 4, 4, 4, 24), "3(16 16 16) 3(16 16 16) 4"),
        ("2/4", (2, 2, 2, 6, 12, 24), "3(32 32 32) 16 8 4"),
        ("2/4", (1, 1, 1, 9, 12, 24), "3(64 64 64) 16. 8 4"),
        ("2/4", (32, 16), "3(2 4)"),
        # Odd lengths fall apart into what can be read.
        ("2/4", (5, 19, 24), "3(16~ 64 64~) 8. 4"),
        # Rests keep the beats visible, and fill the last bar.
        ("4/4", (24, -24, -24, 24), "4 r4 r4 4"),
        ("4/4", (12,), "8 r8 r4 r2"),
        ("3/4", (72, -72, 72), "2. | R | 2."),
        # Beats of three have rests of their own, and so has what is left of a compound beat.
        ("3/4", (24, -48), "4 r4 r4"),
        ("3/4", (-48, 24), "r4 r4 4"),
        ("6/8", (12, -24, 12, -24), "8 r8 r8 8 r8 r8"),
        ("6/8", (-24, 12, 36), "r4 8 4."),
    ],
)
def test_a_line_is_written_as_a_musician_would(
    meter: str, durations: tuple[int, ...], expected: str
) -> None:
    assert line(meter, *durations) == expected


def test_an_upbeat_is_a_bar_of_its_own() -> None:
    assert line("6/8", 12, 36, 36, pickup=12) == "8 | 4. 4."
    assert line("4/4", 48, 96, pickup=48) == "2 | 1"


meters = st.builds(Meter, st.integers(1, 32), st.sampled_from((1, 2, 4, 8, 16, 32)))


@given(meter=meters, ends=st.sets(st.integers(0, 4000)))
def test_whatever_is_in_a_bar_is_written_in_values_that_there_are(
    meter: Meter, ends: set[int]
) -> None:
    tree = bar_window(meter)
    times = sorted({0, tree.end} | {2 * end for end in ends if 2 * end < tree.end})
    zones = list(triplets(tree, times))
    edges = {edge for zone in zones for edge in (zone.start, zone.end)}
    places = sorted({*times, *edges})
    for start, end in pairwise(places):
        zone = next((z for z in zones if z.start <= start < z.end), None)
        window = tree if zone is None else in_triplet(zone)
        begin = start if zone is None else (start - zone.start) * 3 // 2
        stop = end if zone is None else (end - zone.start) * 3 // 2
        at = begin
        for until in written(begin, stop, window):
            assert until - at in VALUES
            at = until
        assert at == stop
