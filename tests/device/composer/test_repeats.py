"""Both halves of a dance are played twice, where two halves can be told."""

from __future__ import annotations

import pytest
from tests.device.composer.test_draft import movement

from playbach.composer.repeats import with_repeats
from playbach.music.key import parse_key
from playbach.music.note import Note, Pitch, Ticks
from playbach.stream import Movement

G, D, E = 43, 50, 52
BAR = 72


def menuet(cadence: int = D, lasts: int = BAR) -> list[Note]:
    """Sixteen bars of three quarters in G major, the eighth a single note, and the last."""
    notes = [
        Note(Ticks(bar * BAR + beat * 24), Pitch((60, 61, 63)[beat]), Ticks(24))
        for bar in range(16)
        for beat in range(3)
        if bar not in (7, 15)
    ]
    notes += [
        Note(Ticks(7 * BAR), Pitch(cadence), Ticks(lasts)),
        Note(Ticks(15 * BAR), Pitch(G), Ticks(BAR)),
    ]
    return sorted(notes)


def in_g(form: str = "menuet", **changes: object) -> Movement:
    return movement(form, key=parse_key("G"), **changes)


def moved(notes: list[Note], ticks: int) -> list[Note]:
    return [Note(Ticks(n.onset + ticks), n.pitch, n.duration) for n in notes]


@pytest.mark.parametrize("cadence", [G, D, E])
def test_each_half_comes_twice(cadence: int) -> None:
    notes = menuet(cadence)
    first = [note for note in notes if note.onset < 8 * BAR]
    second = notes[len(first) :]
    assert list(with_repeats(notes, in_g(), 16)) == [
        *first,
        *moved(first, 8 * BAR),
        *moved(second, 8 * BAR),
        *moved(second, 16 * BAR),
    ]


NOT_HALF = {
    "the bass is none to rest on": (menuet(D + 1), 16),
    "the last note is short": (menuet(D, 12), 16),
    "a note sounds on": (menuet(D, BAR + 1), 16),
    "it is too early": (menuet(), 40),
    "it is too late": (menuet(), 12),
}


@pytest.mark.parametrize(("notes", "bars"), NOT_HALF.values(), ids=NOT_HALF)
def test_nothing_is_repeated_where(notes: list[Note], bars: int) -> None:
    assert list(with_repeats(notes, in_g(), bars)) == notes


def test_a_half_with_an_upbeat_ends_before_the_next_upbeat() -> None:
    asked = in_g("gavotte")
    bar, upbeat = asked.meter.bar_ticks, asked.pickup
    whole = [Note(Ticks(at), Pitch(60), Ticks(24)) for at in range(0, 16 * bar, 24)]
    rests = [Note(Ticks(n * bar - bar + upbeat), Pitch(D), Ticks(bar - upbeat)) for n in (8, 16)]
    notes = [n for n in whole if all(not r.onset <= n.onset < r.end for r in rests)]
    found = list(with_repeats(sorted([*notes, *rests]), asked, 16))
    assert len(found) == 2 * len(notes) + 4
    assert found[-1].end == 32 * bar
    at_upbeats = [note.onset for note in found if note.onset % (8 * bar) == 0]
    assert at_upbeats == [0, 8 * bar, 16 * bar, 24 * bar]
