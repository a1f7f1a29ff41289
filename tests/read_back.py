"""What a MIDI file of ours says, read by mido: by somebody else than who wrote it."""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import mido

from playbach.midi.files import TRILLED, WRITTEN
from playbach.music.form import parse_form
from playbach.music.key import Key, parse_key
from playbach.music.meter import TICKS_PER_QUARTER, Meter
from playbach.music.note import Note, Piece, Pitch, Ticks

_ABOUT = re.compile(r"playbach form=(\w+) pickup=(\d+)")


@dataclass(frozen=True)
class Written:
    """A file of one track.

    Attributes:
        timed: every message of the track with its tick of the file.
        division: ticks of the file to the quarter note.
    """

    timed: tuple[tuple[int, Any], ...]
    division: int

    @property
    def messages(self) -> list[tuple[int, bytes]]:
        """What would be sent to a synth."""
        return [(tick, bytes(one.bytes())) for tick, one in self.timed if not one.is_meta]

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """As they are written, where the file is of a performance and says so."""
        written = [
            note
            for tick, one in self.timed
            if one.type == "sequencer_specific" and bytes(one.data).startswith(WRITTEN)
            for note in unpacked(bytes(one.data)[len(WRITTEN) :], self._ours(tick))
        ]
        played = self.played
        if not written:
            return played
        struck: Counter[int] = Counter(note.pitch for note in played)
        for _, one in self.timed:
            if one.type == "sequencer_specific" and bytes(one.data).startswith(TRILLED):
                pairs = bytes(one.data)[len(TRILLED) :]
                struck.subtract(dict(zip(pairs[::2], pairs[1::2], strict=True)))
        struck.subtract(note.pitch for note in written)
        assert not any(struck.values())
        return tuple(written)

    @cached_property
    def played(self) -> tuple[Note, ...]:
        """Each pitch ends before it begins again, and all end."""
        begun: dict[int, int] = {}
        found = []
        for tick, message in self.timed:
            if message.type == "note_on" and message.velocity:
                assert message.note not in begun
                begun[message.note] = tick
            elif message.type in {"note_on", "note_off"}:
                onset = begun.pop(message.note)
                length = max(1, self._ours(tick) - self._ours(onset))
                found.append(Note(Ticks(self._ours(onset)), Pitch(message.note), Ticks(length)))
        assert not begun
        return tuple(sorted(found))

    @property
    def keys(self) -> tuple[tuple[Ticks, Key], ...]:
        return tuple((t, parse_key(one.key)) for t, one in self.meta("key_signature"))

    @property
    def meters(self) -> tuple[tuple[Ticks, Meter], ...]:
        """As they are written, a short first bar among them."""
        signs = self.meta("time_signature")
        return tuple((t, Meter(one.numerator, one.denominator)) for t, one in signs)

    @property
    def title(self) -> str:
        return "".join(words(one.name) for _, one in self.meta("track_name"))

    @property
    def piece(self) -> Piece:
        """The movement that the file says it is."""
        (form, pickup) = next(
            match.groups() for _, one in self.meta("text") if (match := _ABOUT.match(one.text))
        )
        last_at = dict(self.meters)
        (first, short), *later = last_at.items()
        if later and later[0][0] == short.bar_ticks == int(pickup):
            later[0] = (first, later[0][1])
        else:
            later = [(first, short), *later]
        return Piece(
            self.notes, self.keys, tuple(later), parse_form(form), Ticks(int(pickup)), self.title
        )

    def meta(self, kind: str) -> list[tuple[Ticks, Any]]:
        """Meta events of that kind, with ticks of ours."""
        return [(Ticks(self._ours(t)), one) for t, one in self.timed if one.type == kind]

    def _ours(self, tick: int) -> int:
        return round(tick * TICKS_PER_QUARTER / self.division)


def read_back(source: Path | bytes) -> Written:
    content = source.read_bytes() if isinstance(source, Path) else source
    file = mido.MidiFile(file=io.BytesIO(content))
    (track,) = file.tracks
    tick = 0
    timed = []
    for message in track:
        tick += message.time
        timed.append((tick, message))
    return Written(tuple(timed), file.ticks_per_beat)


def unpacked(packed: bytes, onset: int) -> list[Note]:
    """Ticks since the onset before, pitch and duration of each note, all variable in length."""
    numbers = [0]
    for byte in packed:
        numbers[-1] = numbers[-1] << 7 | byte & 0x7F
        numbers += [0] if byte < 0x80 else []
    notes = []
    for shift, pitch, duration in zip(*[iter(numbers[:-1])] * 3, strict=True):
        onset += shift
        notes.append(Note(Ticks(onset), Pitch(pitch), Ticks(duration)))
    return notes


def words(text: str) -> str:
    """UTF-8, which mido takes for Latin-1."""
    return text.encode("latin-1").decode()
