"""Movements as sound: what the sink ``sound`` plays, faster than it would be played."""

from __future__ import annotations

import array
import tempfile
import wave
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import IO

import numpy as np

from playbach.clock import NS_PER_SECOND, ns_per_tick
from playbach.errors import OutputError
from playbach.midi.files import Placed, timed_messages
from playbach.midi.messages import TimedMessage
from playbach.sinks.soundfont import require_font
from playbach.sound.chain import CEILING, Chain
from playbach.sound.options import DEFAULT, SoundOptions
from playbach.sound.synth import BLOCK, Block, library

RATE = 44_100
"""Samples per second and channel, as on a CD; 16 bits each. An effect has a rate of its own."""
CHANNELS = 2
MOST_BYTES = 2**32 - 2**20
"""The sizes in a WAV file have 32 bits."""
_SAMPLE_BYTES = 2
_TAIL = 8.0
"""Seconds after the last note in which its echo must have come to an end."""
_QUIET = 1e-4
"""The greatest sample of a block that is not to be heard any more."""
_PIECE = 1 << 20
"""Samples that are brought to their loudness at once."""


def check(options: SoundOptions = DEFAULT) -> None:
    """Check that a synthesiser, its sound font and the effect are there.

    Raises:
        BundleError: the effect cannot be used.
        PortError: fluidsynth's library or a sound font is not installed, or the one named is none.
    """
    library()
    require_font(options.soundfont)
    _rate(options)


def write(movements: Sequence[Placed], path: Path, options: SoundOptions = DEFAULT) -> None:
    """Render into ``path``, the loudest sample at -1 dB below full scale.

    Raises:
        OutputError: the music is too long.
        BundleError: as ``check``.
        PortError: as ``check``.
    """
    rate = _rate(options)
    length = seconds(movements)
    bytes_per_second = rate * CHANNELS * _SAMPLE_BYTES
    if (length + _TAIL) * bytes_per_second > MOST_BYTES:
        most = int(MOST_BYTES / bytes_per_second / 3600)
        raise OutputError(
            f"the music takes more than the {most} hours that a WAV file holds; ask for fewer notes"
        )
    chain = Chain(rate, require_font(options.soundfont), options)
    chain.take_time()
    try:
        with tempfile.TemporaryFile() as whole:
            peak = 0.0
            both = array.array("f", bytes(4 * CHANNELS * BLOCK))
            for block in _blocks(chain, timed_messages(movements), length, rate):
                both[0::CHANNELS], both[1::CHANNELS] = block.left, block.right
                peak = max(peak, block.peak)
                both.tofile(whole)
            whole.seek(0)
            _write(path, whole, rate, CEILING / peak if peak else 1.0)
    finally:
        chain.close()


def seconds(movements: Sequence[Placed]) -> float:
    """How many seconds the movements take, with the rests between them but not after the last."""
    return sum(
        _played(one, one.piece.end if is_last else max(one.length, one.piece.end))
        + (0.0 if is_last else one.rest)
        for one, is_last in ((one, one is movements[-1]) for one in movements)
    )


def _played(movement: Placed, end: int) -> float:
    def even(tick: int) -> Fraction:
        performance = movement.performance
        return Fraction(tick) if performance is None else performance.even_ticks(tick)

    meters = movement.piece.meters
    ends = [*(tick for tick, _ in meters[1:]), end]
    lengths = (
        (even(min(until, end)) - even(tick)) * ns_per_tick(movement.tempo, meter)
        for (tick, meter), until in zip(meters, ends, strict=True)
        if tick < end
    )
    return float(sum(lengths)) / NS_PER_SECOND


def _rate(options: SoundOptions) -> int:
    if options.effect is None:
        return RATE
    from playbach.sound.effect import effect_path, read_effect  # noqa: PLC0415 brings the runtime

    return read_effect(effect_path(options.effect)).manifest.rate


def _blocks(
    chain: Chain, messages: Sequence[TimedMessage], length: float, rate: int
) -> Iterator[Block]:
    """What is heard, until its echo has ended."""
    waiting = iter([(round(message.time * rate), message.data) for message in messages])
    following = next(waiting, None)
    start = -chain.latency
    while True:
        begin = start + chain.latency
        while following is not None and following[0] < begin + BLOCK:
            chain.hear(following[0] - begin, following[1])
            following = next(waiting, None)
        block = chain.block()
        if start >= 0:
            yield block
        start += BLOCK
        beyond = start / rate - length
        if beyond > _TAIL or (beyond > 0 and following is None and block.peak < _QUIET):
            return


def _write(path: Path, whole: IO[bytes], rate: int, by: float) -> None:
    """A WAV file of the samples in ``whole``, each of them ``by`` times as loud."""
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(CHANNELS)
        sound.setsampwidth(_SAMPLE_BYTES)
        sound.setframerate(rate)
        while piece := whole.read(4 * _PIECE):
            samples = np.frombuffer(piece, np.float32) * (by * (2**15 - 1))
            sound.writeframes(np.rint(samples).astype("<i2").tobytes())
