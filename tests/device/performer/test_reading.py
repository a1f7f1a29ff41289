"""Music is read in the same way while it is composed as when all of it is known."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.device.performer.test_performer import passages, scale

from playbach.performer.features import Passage
from playbach.performer.reading import Read, Reading


def reading_of(passage: Passage, seed: int) -> Reading:
    return Reading(passage.meter, passage.pickup, passage.double_bars, seed)


def as_it_comes(passage: Passage, seed: int) -> list[Read]:
    reading = reading_of(passage, seed)
    read: list[Read] = []
    for note in passage.notes:
        reading.add(note)
        read += reading.take()
    assert passage.end is not None
    reading.close(passage.end)
    return [*read, *reading.take()]


def all_at_once(passage: Passage, seed: int) -> list[Read]:
    reading = reading_of(passage, seed)
    for note in passage.notes:
        reading.add(note)
    assert passage.end is not None
    reading.close(passage.end)
    return list(reading.take())


@given(passages(), st.integers(0, 99))
def test_what_is_read_while_it_is_composed_is_what_is_read_of_the_whole(
    passage: Passage, seed: int
) -> None:
    read = as_it_comes(passage, seed)
    assert read == all_at_once(passage, seed)
    assert [one.gesture is None for one in read] == [True] + [False] * len(passage.notes)
    ticks = [lean.tick for one in read for lean in one.leans]
    assert ticks == sorted(set(ticks))
    assert ticks[0] == 0


@settings(max_examples=15)
@given(passages(), st.data())
def test_gone_back_on_and_read_again_it_is_the_same(passage: Passage, data: st.DataObject) -> None:
    whole = all_at_once(passage, 1)
    reading, written = reading_of(passage, 1), 0
    read: list[tuple[Read, int, int]] = []
    while written < len(passage.notes):
        reading.add(passage.notes[written])
        written += 1
        for one in reading.take():
            leant = len(one.leans) + (read[-1][2] if read else 0)
            read.append((one, len(read) + 1, leant))
        if read and not data.draw(st.integers(0, 5)):
            del read[data.draw(st.integers(1, len(read))) :]
            reading = reading.back_at(*read[-1][1:])
            written = reading.taken - 1
    assert passage.end is not None
    reading.close(passage.end)
    assert [*(one for one, _, _ in read), *reading.take()] == whole


def test_in_a_hurry_it_is_read_with_what_is_known() -> None:
    passage = scale(16)
    reading = reading_of(passage, 1)
    read: list[Read] = []
    for note in passage.notes[:30]:
        reading.add(note)
        read += reading.take(hurried=True)
    assert len(read) == 30
    assert [one.gesture is None for one in read[1:]] == [False] * 29
    assert len([lean for one in read for lean in one.leans]) == 15
    reading.close(30 * 12)
    assert len([*read, *reading.take()]) == 31
