"""A movement that was played live is kept as it was heard, and reads as it was written."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.device.playback.test_expression import passages, stream_of
from tests.device.playback.test_schedule import composed
from tests.device.save.test_performed import heard
from tests.read_back import read_back

from playbach.clock import Nanoseconds, to_seconds
from playbach.midi.files import Placed
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.performer.features import Passage
from playbach.performer.performer import Manner
from playbach.playback.controls import ChannelSettings, Controls
from playbach.playback.queue import LookaheadQueue, PlainSource
from playbach.playback.schedule import Entry, Schedule
from playbach.save.midi import midi_file, performed
from playbach.session.history import History
from playbach.session.played import PlayedMovement
from playbach.stream import MovementEnd, Place, Seconds, StreamItem

NEVER = Nanoseconds(1 << 61)
manners = st.builds(Manner, st.sampled_from([0.0, 0.5, 1.0, 1.5]), st.floats(0.1, 1.5))
SCALE = Passage(
    [Note(Ticks(12 * i), Pitch(55 + abs(i % 12 - 6)), Ticks(12)) for i in range(96)],
    Meter(3, 4),
    end=Ticks(1152),
)


def played(items: list[StreamItem], controls: list[Controls]) -> tuple[PlayedMovement, list[Entry]]:
    """What is kept of a movement, and how it was sent; the controls change as it goes on."""
    queue = LookaheadQueue(PlainSource(iter(items)), lambda: controls[0])
    for item in items:
        queue._read(composed(item))
    queue._flush()
    schedule, kept = Schedule(controls[0]), list[PlayedMovement]()
    history = History(now=lambda: Seconds(1.0), record=kept.append, link=lambda _: "here")
    part = -(-len(items) // len(controls))
    for number, one in enumerate(queue._items):
        schedule.add(one)
        if number and not number % part:
            # What comes next is taken back, and comes again.
            since = schedule.due(one)
            again = schedule.rewind(since)
            schedule.control(controls[number // part], since)
            for back in again:
                schedule.add(back)
    schedule.take(NEVER)
    entries, notes = schedule.settle(NEVER)
    history.passed(entries, notes)
    (movement,) = kept
    assert history.movements() == (movement,)
    return movement, entries


def written(items: list[StreamItem]) -> tuple[Note, ...]:
    return tuple(item for item in items if isinstance(item, Note))


def placed(passage: Passage, title: str, tempo: float) -> Placed:
    assert passage.end is not None
    piece = Piece(
        tuple(passage.notes), meters=((Ticks(0), passage.meter),), pickup=Ticks(passage.pickup),
        title=title,
    )  # fmt: skip
    return Placed(piece, tempo, passage.end, borders=tuple(passage.double_bars))


@settings(max_examples=15)
@given(passages(), manners, st.integers(0, 99), st.sampled_from([40.0, 90.0, 187.5]))
def test_it_is_the_file_that_is_saved_of_such_a_movement(
    passage: Passage, manner: Manner, seed: int, tempo: float
) -> None:
    voice = ChannelSettings(program=3, velocity=60, transpose=5)
    kept, _ = played(stream_of(passage, seed), [Controls(voice, tempo, manner=manner)])
    about = f"{Place(seed, 1)} link=here"
    whole = replace(placed(passage, kept.movement.title, tempo), about=about)
    (saved,) = performed([whole], manner, seed)
    if saved.performance is not None:
        # Live, no note is trilled.
        plain = tuple(one._replace(trill=None) for one in saved.performance.notes)
        saved = replace(saved, performance=replace(saved.performance, notes=plain))
    assert kept.midi() == midi_file([saved])


@settings(max_examples=15)
@given(
    passages(),
    st.lists(st.builds(Controls, tempo=st.floats(20, 300), manner=manners), min_size=2, max_size=4),
)
def test_changed_and_left_in_the_midst_it_reads_as_it_was_written(
    passage: Passage, controls: list[Controls]
) -> None:
    items = stream_of(passage)
    kept, _ = played(items, controls)
    assert read_back(kept.midi()).notes == written(items)
    # Left after its first half.
    half = [*items[: 1 + (len(items) - 1) // 2], MovementEnd(Ticks(1), Seconds(0.0))]
    if written(half):
        kept, _ = played(half, controls)
        assert read_back(kept.midi()).notes == written(half)


@pytest.mark.parametrize("manner", [Manner(), Manner(0.0)])
def test_tempi_that_change_in_the_midst_are_where_they_were_heard(manner: Manner) -> None:
    items = stream_of(SCALE)
    controls = [Controls(tempo=tempo, manner=manner) for tempo in (60.0, 173.0, 31.0)]
    kept, entries = played(items, controls)
    sent = [to_seconds(entry.sent.on) for entry in entries if entry.sent]
    file = read_back(kept.midi())
    assert kept.tempo == pytest.approx(31)
    assert [time for time, _ in heard(file)] == pytest.approx(sent, abs=0.01)
    assert len({round(b - a, 1) for a, b in pairwise(sent)}) > 2


def test_expression_that_changes_in_the_midst_is_kept_note_by_note() -> None:
    items = stream_of(SCALE)
    kept, entries = played(items, [Controls(manner=Manner()), Controls(manner=Manner(0.0))])
    ons = [one for _, one in read_back(kept.midi()).timed if one.type == "note_on"]
    # Without its accents, what is played evenly is as in a file that is even throughout.
    sent = [80 if e.sent.is_even else e.sent.velocity for e in entries if e.sent]
    assert [one.velocity for one in ons] == sent
    assert set(sent[49:]) == {80} != set(sent[:47])


def test_a_note_takes_22_bytes_and_a_tempo_12() -> None:
    kept, _ = played(stream_of(SCALE), [Controls(manner=Manner())])
    assert kept.notes.nbytes == 22 * len(SCALE.notes)
    assert kept.paces.nbytes == 12 * 48
