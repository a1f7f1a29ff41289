"""The default network on the board: LSTM steps in LiteRT, pointers and lookup in numpy.

It is the network of ``playbach_train.network``, which says what its parts are for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Bundle
from playbach.music.encoding import MAX_SYMBOLS, Encoding, Heading
from playbach.music.key import PITCH_CLASSES
from playbach.music.meter import Meter
from playbach.music.scale import steps_between
from playbach.music.tracker import Tracker
from playbach.predictor.base import Probabilities, Restore
from playbach.predictor.graph import Backend, Cpu, softmax
from playbach.predictor.lstm_parts import load_graphs, load_tables, sizes_of
from playbach.predictor.pointers import Pointers, PointerShape, place_rows

KIND = "lstm-copy"

Floats = NDArray[np.float32]

_ONES: Floats = np.ones((1, 2 * MAX_SYMBOLS), np.float32)


class LstmCopyPredictor:
    """Runs the parts ``step``, ``pitch`` and ``duration`` of a bundle of kind ``lstm-copy``."""

    def __init__(self, bundle: Bundle, variant: str, backend: Backend | None = None) -> None:
        """As ``load_predictor``; ``backend`` runs the graphs, ``None`` for the processor."""
        self.encoding = encoding = bundle.manifest.encoding
        self._backend = backend or Cpu(variant)
        sizes = sizes_of(bundle)
        self._graphs = graphs = load_graphs(bundle, variant, sizes, self._backend)
        # Bound once: looked up for each of thousands of notes a second otherwise.
        self._step, self._pitch, self._duration = graphs.step, graphs.pitch, graphs.duration
        tables = load_tables(bundle, sizes)
        self._note_rows, self._pitch_rows = tables["note"], tables["pitch"]
        self._duration_rows = tables["duration"]
        shape = PointerShape(
            sizes["pointers"],
            sizes["pointer_width"],
            sizes["memory"],
            encoding.widest,
        )
        self._pointers = Pointers(
            shape, tables["match"], tables["place"], tables["gates"], tables["gain"]
        )
        self._meter: Meter | None = None
        self._degree_rows = _degree_rows(encoding)
        self._blank = self._state = graphs.blank()
        self._shift: Floats = np.zeros(0, np.float32)
        self._key: Floats = np.zeros(0, np.float32)
        self._started = False

    @property
    def variant(self) -> str:
        """The variant that runs now."""
        return self._backend.running

    @property
    def state(self) -> list[Floats]:
        """Hidden and cell state of each layer in turn, as real numbers ``(1, units)``."""
        return self._graphs.real(self._state)

    def begin(self, heading: Heading) -> None:
        """Forget the last piece; the next is as ``heading`` says."""
        self._tracker = Tracker(self.encoding, heading)
        self._pointers.clear()
        self._state = self._blank
        self._started = False
        self._read()

    def shift(self) -> Probabilities:
        """The probability of each shift symbol."""
        return softmax(self._shift)

    def pitch(self, shift: int, memory: float = 1.0) -> Probabilities:
        """The probability of each interval symbol, as of ``Predictor``; 0 for what cannot be.

        Notes of a chord are composed from the lowest upwards, so at a shift of 0 all intervals but
        those up are impossible.
        """
        tracker = self._tracker
        place = _sum_of_rows(self._pitch_rows, tracker.pitch_rows(shift))
        interval, degree, gates, query, self._key = self._pitch.run(self._state[-2], place)
        rising = self._started and shift == 0
        logits = interval[0] + degree[0].take(self._degree_rows[tracker.degree % PITCH_CLASSES])
        evidence = self._pointers.evidence(
            query,
            gates,
            last_pitch=tracker.pitch,
            degree=tracker.degree,
            onset=tracker.onset + shift,
            places=self._places_in(tracker.place_after(shift).meter),
        )
        if evidence is not None:
            # The escape symbol stands first, and is never copied.
            logits[1:] += evidence if memory == 1 else evidence * np.float32(memory)
        if rising:
            # All symbols of intervals downwards, and that of none.
            logits[1 : self.encoding.widest + 2] = -np.inf
        return softmax(logits)

    def recalled(self) -> list[tuple[int, float]]:
        """The notes that the pointers drew on most in the last ``pitch``, as of ``Recalling``.

        What the recurrent layers remember is not among them: it belongs to no single note.
        """
        return self._pointers.looked_at()

    def duration(self, shift: int, pitch: int) -> Probabilities:
        """The probability of each duration symbol, for a note of that shift and pitch."""
        place = _sum_of_rows(self._duration_rows, self._tracker.duration_rows(shift, pitch))
        return softmax(self._duration.run(self._state[-2], place)[0][0])

    def advance(self, shift: int, pitch: int, duration: int) -> None:
        """The next note is this: ticks, MIDI note number, ticks."""
        tracker = self._tracker
        interval = pitch - tracker.pitch
        steps = steps_between(tracker.degree, interval)
        self._pointers.add(self._key, interval, steps, pitch, tracker.onset + shift)
        tracker.advance(shift, pitch, duration)
        self._started = True
        self._read()

    def snapshot(self) -> Restore:
        """Remember this place between two notes: the states, and how much was remembered."""
        tracker, pointers = self._tracker.copy(), self._pointers.snapshot()
        state, shift, started = self._state, self._shift, self._started

        def restore() -> None:
            pointers()
            self._tracker = tracker.copy()
            self._state, self._shift, self._started = state, shift, started

        return restore

    def _places_in(self, meter: Meter) -> NDArray[np.int16]:
        # Hashing a meter, as a cache does, takes longer than seeing that it is the same.
        if meter is not self._meter:
            self._meter, self._places = meter, place_rows(meter)
        return self._places

    def _read(self) -> None:
        """Let the recurrent layers read the last note."""
        note = _sum_of_rows(self._note_rows, self._tracker.note_rows())
        *self._state, shift = self._step.run(note, *self._state)
        self._shift = shift[0]


def _sum_of_rows(table: Floats, rows: list[int]) -> Floats:
    """The sum of these rows of ``table``: ``(1, width)``."""
    # As a product, which takes less time than a sum over the first axis; and ``dot``, which takes
    # half the time of ``@``.
    found: Floats = _ONES[:, : len(rows)].dot(table.take(rows, axis=0))
    return found


def _degree_rows(encoding: Encoding) -> NDArray[np.int64]:
    """For each degree of the last pitch, the degree that each interval symbol leads to."""
    steps = np.arange(encoding.pitch_symbols) - encoding.widest - 1
    return (np.arange(PITCH_CLASSES)[:, None] + steps) % PITCH_CLASSES
