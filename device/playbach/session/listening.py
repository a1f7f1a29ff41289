"""Listening: what somebody plays is heard, and after a bar of silence it is answered.

    waiting    nobody plays; the music goes on, or waits to be played to
    hearing    somebody plays: the music has stopped
    answered   after a bar of silence the music goes on from what was played

Notes of our own that come back, from a synth that passes on what it is sent or because one port is
played to and listened to, are known by their time, pitch and velocity and do not count; those of
another velocity count until the music was stopped by nothing else several times. So nothing can be
an answer to itself for long, and who plays the same note at the same moment is heard.
"""

from __future__ import annotations

import math
import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from playbach.errors import InputError
from playbach.midi.messages import CONTROL_CHANGE, MAX_CHANNEL, NOTE_OFF, NOTE_ON
from playbach.music.meter import TICKS_PER_QUARTER
from playbach.music.theme import NOTHING_ASKED, Asked, PlayedNote, Theme
from playbach.session.status import Event, NoteAhead, Withdrawn
from playbach.sinks.midi_input import Received

MOST_NOTES = 512
"""Notes that are remembered of what is played: the last ones, more than eight bars of any."""
FLOOD = 100
"""Notes begun within a second that nobody plays: ten fingers, ten times."""
FLOODED = (
    f"the port that is listened to sends more than {FLOOD} notes a second: they are passed over; "
    "end what sends them, or listen to another port"
)
_SUSTAIN = 64
_DOWN = 64
"""From that value on the pedal is down."""
_SAME_BEFORE, _SAME_AFTER = 0.3, 0.4
"""Seconds around its time in which a note of ours may come back: of a busy server's clock not much
is known."""
_ALIKE_BEFORE, _ALIKE_AFTER = 0.05, 0.2
"""The same for one that comes back with another velocity."""
_MOST_EXPECTED = 512
_MOST_ALIKE = 3
_SHORTEST_BAR, _LONGEST_BAR = 0.8, 6.0
"""Seconds of silence: the bar's, within these."""
_HELD = 0.5
"""Seconds that a key is taken to have been held which is still held."""
_STUCK = 2.0
"""Bars after which a key that is held, and nothing else, is taken for stuck."""
_COLLISION = 0.5
"""Seconds after the beginning of an answer in which others who begin are taken to answer too."""
_MOST_PATIENCE = 2.0
"""Bars for which, at most, the next answer then waits longer."""
LEAD = 0.12
"""Seconds before the beat on which the answer begins at which it is asked for."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What is played against.

    Attributes:
        quarter: seconds of a quarter note that is kept to, ``None`` to find it.
        asked: key and meter, whatever is played.
    """

    quarter: float | None = None
    asked: Asked = NOTHING_ASKED


class Playing:
    """What somebody plays, note by note. Bounded, whatever arrives."""

    def __init__(self) -> None:
        self._done: deque[PlayedNote] = deque(maxlen=MOST_NOTES)
        self._held: dict[tuple[int, int], float] = {}
        self._sustained: set[int] = set()
        self.onsets: deque[float] = deque(maxlen=MOST_NOTES)
        """When notes began."""
        self.last = 0.0
        """When a key or the pedal was moved last."""

    @property
    def is_held(self) -> bool:
        """Whether a key is down."""
        return bool(self._held)

    def hear(self, message: Received) -> None:
        """A note or the sustain pedal; anything else is no playing.

        A pedal that is down holds off the answer for as long as it is moved; the notes themselves
        end with their keys, as a score would have them.
        """
        at, data = message
        status, channel = data[0] & 0xF0, data[0] & MAX_CHANNEL
        if status == NOTE_ON:
            self._end((channel, data[1]), at)
            self._held[channel, data[1]] = at
            self.onsets.append(at)
            self.last = at
        elif status == NOTE_OFF:
            if self._end((channel, data[1]), at):
                self.last = at
        elif status == CONTROL_CHANGE and data[1] == _SUSTAIN:
            was = channel in self._sustained
            (self._sustained.add if data[2] >= _DOWN else self._sustained.discard)(channel)
            if was != (channel in self._sustained):
                self.last = at

    def notes(self) -> list[PlayedNote]:
        """All of it; what is still held ends where something was last heard, or a little later."""
        for key, on in list(self._held.items()):
            self._end(key, max(self.last, on + _HELD))
        return sorted(self._done, key=lambda note: note.on)

    def _end(self, key: tuple[int, int], at: float) -> bool:
        on = self._held.pop(key, None)
        if on is not None:
            self._done.append(PlayedNote(on, at, key[1]))
        return on is not None


class Echo:
    """Notes of ours that may come back. For any thread."""

    def __init__(self) -> None:
        self._expected: deque[tuple[float, int, int]] = deque(maxlen=_MOST_EXPECTED)
        self._alike = 0
        """Notes, without another between them, that were ours but for their velocity."""
        self._lock = threading.Lock()

    def follow(self, event: Event) -> None:
        """Something was sent, or taken back."""
        with self._lock:
            if isinstance(event, NoteAhead):
                self._expected.append((event.at, event.pitch, event.velocity))
            elif isinstance(event, Withdrawn):
                kept = [one for one in self._expected if one[0] < event.after]
                self._expected = deque(kept, maxlen=_MOST_EXPECTED)

    def is_one(self, at: float, pitch: int, velocity: int) -> bool:
        """Whether a note that came at that moment is one of them, each once."""
        with self._lock:
            while self._expected and self._expected[0][0] < at - _SAME_AFTER:
                self._expected.popleft()
            alike = [one for one in self._expected if one[1] == pitch]
            same = [o for o in alike if o[2] == velocity and o[0] - _SAME_BEFORE <= at]
            near = [o for o in alike if o[0] - _ALIKE_BEFORE <= at <= o[0] + _ALIKE_AFTER]
            if same or near:
                self._expected.remove((same or near)[0])
        if same:
            return True
        self._alike = self._alike + 1 if near else 0
        return self._alike > _MOST_ALIKE


class Listening:
    """Hears what arrives at one port. ``follow`` is for any thread, all else for the port's."""

    def __init__(
        self,
        *,
        begin: Callable[[], bool],
        answer: Callable[[Theme], None],
        give_up: Callable[[], None],
        beat: Callable[[], Beat],
        since_start: Callable[[float], float],
    ) -> None:
        """Nothing was heard yet.

        Args:
            begin: stops the music, as somebody plays; whether that counts now.
            answer: lets the music go on from what was played.
            give_up: lets it go on as it was.
            beat: what is played against, asked when it is to be answered.
            since_start: a moment of ``time.monotonic`` on the clock of ``NoteAhead.at``.
        """
        self._begin, self._answer, self._give_up = begin, answer, give_up
        self._beat, self._since_start = beat, since_start
        self._echo = Echo()
        self._echoing: set[tuple[int, int]] = set()
        self._playing: Playing | None = None
        self._begun: deque[float] = deque(maxlen=FLOOD)
        self._quarter: tuple[int, float] = 0, 1.0
        self._answered = -math.inf
        self._patience = 0.0
        self._rng = random.Random()
        self.is_flooded = False
        """Whether more notes arrive than anybody plays; they are passed over."""

    @property
    def is_hearing(self) -> bool:
        """Whether somebody plays now."""
        return self._playing is not None

    def follow(self, event: Event) -> None:
        """Something of ours was sent, or taken back."""
        self._echo.follow(event)

    def hear(self, message: Received) -> None:
        """A message arrived."""
        at, data = message
        status, key = data[0] & 0xF0, (data[0] & MAX_CHANNEL, data[1] if len(data) > 1 else 0)
        if status == NOTE_ON:
            if self._is_flood(at):
                return
            if self._echo.is_one(self._since_start(at), data[1], data[2]):
                self._echoing.add(key)
                return
            self._echoing.discard(key)
            if self._playing is None:
                if not self._begin():
                    return
                self._playing = Playing()
                # Two that answer each other, and begin at once, would do so for ever.
                collides = at - self._answered < _COLLISION
                self._patience = self._rng.uniform(0, _MOST_PATIENCE) if collides else 0.0
        elif status == NOTE_OFF and key in self._echoing:
            self._echoing.discard(key)
            return
        if self._playing is not None:
            self._playing.hear(message)

    def look(self, now: float) -> None:
        """Time goes on, to ``now`` of ``time.monotonic``: answer if a bar was silent."""
        if self.is_flooded and now - self._begun[-1] > 1:
            self.is_flooded = False
        playing = self._playing
        if playing is None or now < playing.last + _SHORTEST_BAR - LEAD:
            return
        beat = self._beat()
        quarter = self._quarter_of(playing, beat)
        bar = quarter * _quarters_in_bar(beat)
        silent = playing.last + min(max(bar, _SHORTEST_BAR), _LONGEST_BAR)
        silent += (_STUCK * playing.is_held + self._patience) * bar
        # On the next beat, in the time of what was played.
        beats = -(-(silent - playing.onsets[-1]) // quarter)
        if now < playing.onsets[-1] + beats * quarter - LEAD:
            return
        self._playing = None
        from playbach.themes.played import theme_from_playing  # noqa: PLC0415 as below

        try:
            theme = theme_from_playing(playing.notes(), beat.quarter, beat.asked)
        except InputError:
            # The meter that is set is none that music can be composed in.
            self._give_up()
            return
        self._answered = now
        self._answer(theme)

    def forget(self) -> None:
        """Nothing is listened to any more."""
        self._playing = None
        self._give_up()

    def _quarter_of(self, playing: Playing, beat: Beat) -> float:
        if beat.quarter is not None:
            return beat.quarter
        count = len(playing.onsets)
        if self._quarter[0] != count:
            # Memory that nobody needs who is not played to.
            from playbach.themes.played import find_quarter  # noqa: PLC0415 as above

            # It takes a while, and is asked for at each look.
            self._quarter = count, find_quarter(list(playing.onsets)[-_LATEST:])
        return self._quarter[1]

    def _is_flood(self, at: float) -> bool:
        """Whether a note that begins is one of too many; then nobody is listened to."""
        is_full = len(self._begun) == FLOOD
        self._begun.append(at)
        if is_full and at - self._begun[0] < 1:
            self.is_flooded = True
        if self.is_flooded and self._playing is not None:
            self._playing = None
            self._give_up()
        return self.is_flooded


_LATEST = 32
"""Onsets from which the beat is found while somebody plays."""


def _quarters_in_bar(beat: Beat) -> float:
    meter = beat.asked.meter
    return meter.bar_ticks / TICKS_PER_QUARTER if meter else 4.0
