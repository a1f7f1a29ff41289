"""The file sink writes what it was sent, whole or not at all."""

from pathlib import Path

import pytest
from tests.read_back import read_back

from playbach.errors import OutputError
from playbach.midi.messages import TimedMessage, note_off, note_on
from playbach.sinks.file import MAX_MESSAGES, FileSink, file_bytes
from playbach.stream import Seconds


def message(time: float, data: bytes) -> TimedMessage:
    return TimedMessage(Seconds(time), data)


def test_messages_are_written_in_order_of_time_to_a_tenth_of_a_millisecond(tmp_path: Path) -> None:
    path = tmp_path / "out.mid"
    sink = FileSink(path)
    sink.open()
    sink.send([message(0.5, note_off(0, 60))])
    sink.send([message(0.1, note_on(0, 60, 80)), message(0.6, note_on(0, 62, 80))])
    sink.silence()
    sink.close()
    assert read_back(path).messages == [
        (1000, note_on(0, 60, 80)),
        (5000, note_off(0, 60)),
        (6000, note_on(0, 62, 80)),
        (6000, note_off(0, 62)),
    ]


def test_an_existing_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "out.mid"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match="exists"):
        FileSink(path).open()
    FileSink(path).close()
    assert path.read_bytes() == b"precious"


def test_nothing_is_written_when_nothing_was_played(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "out.mid")
    sink.open()
    sink.silence()
    sink.close()
    assert list(tmp_path.iterdir()) == []


def test_an_endless_piece_does_not_fill_the_memory(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "out.mid")
    sink.open()
    many = [message(1.0, note_off(0, 60))] * MAX_MESSAGES
    sink.send(many)
    with pytest.raises(OutputError, match="give --seconds"):
        sink.send(many[:1])


def test_what_is_of_one_moment_is_written_in_one_order() -> None:
    first, second = Seconds(0.0), Seconds(1.0)
    chord = [TimedMessage(first, note_on(0, pitch, 80)) for pitch in (60, 64)]
    ends = [TimedMessage(second, note_off(0, pitch)) for pitch in (60, 64)]
    again = [TimedMessage(second, note_on(0, pitch, 80)) for pitch in (60, 64)]
    one_by_one = [ends[0], again[0], ends[1], again[1]]
    assert file_bytes([*chord, *ends, *again]) == file_bytes([*chord, *one_by_one])
