"""From messages to what is heard, block by block: synth, neural effect, limiter."""

from __future__ import annotations

import array
from operator import mul
from pathlib import Path
from typing import Protocol

from playbach.sound.options import SoundOptions
from playbach.sound.synth import BLOCK, Block, Synth

CEILING = 10 ** (-1 / 20)
"""The greatest sample that leaves, -1 dB below full scale."""
_RELEASE = 0.1
"""Seconds in which the limiter lets go of about two thirds of what it holds back."""


class Effect(Protocol):
    """Changes what the notes sound like, in place."""

    is_live: bool
    """Whether somebody waits for each block."""

    @property
    def description(self) -> str:
        """Its name, and what is wrong with it."""

    def process(self, block: Block) -> None:
        """The next block of the notes, without their reverb."""


def load_effect(path: str, rate: int | None) -> Effect:
    """The effect in a file, for so many samples per second; ``None`` for its own rate.

    Raises:
        BundleError: it cannot be used, or is for another rate.
    """
    # Without an effect there is no need for numpy and the runtime, which take memory.
    from playbach.sound.effect import NeuralEffect, effect_path, read_effect  # noqa: PLC0415 as above

    return NeuralEffect(read_effect(effect_path(path)), rate)


class Limiter:
    """Keeps samples below ``CEILING``; looks one block ahead, so it is late by ``BLOCK`` samples.

    The gain is a straight line over each block, from a value that this block allows to one that
    this and the next allow: no sample is above the ceiling, and none is cut off.
    """

    def __init__(self, rate: int) -> None:
        """``rate``: samples per second."""
        self._share = min(1.0, BLOCK / (rate * _RELEASE))
        self._held, self._other = Block(), Block()
        self._allowed = 1.0
        self._gain = 1.0
        self._steps = [(step + 1) / BLOCK for step in range(BLOCK)]

    def process(self, block: Block) -> Block:
        """The block before, limited; it is the caller's until the next call."""
        peak = block.peak
        allowed = CEILING / peak if peak > CEILING else 1.0
        begin, self._gain = (
            self._gain,
            min(self._gain + self._share * (1.0 - self._gain), self._allowed, allowed),
        )
        self._allowed = allowed
        out, self._held = self._held, self._other
        self._other = out
        if begin < 1.0 or self._gain < 1.0:
            by = self._gain - begin
            ramp = [begin + by * step for step in self._steps]
            for samples in (out.left, out.right):
                samples[:] = array.array("f", map(mul, samples, ramp))
        self._held.copy(block)
        return out


class Chain:
    """Renders block after block: ``hear`` messages in order, then take the ``block``."""

    latency = BLOCK
    """Samples by which what is heard comes late, and is therefore rendered early."""

    def __init__(self, rate: int, font: Path, options: SoundOptions) -> None:
        """Load the sound font, and the effect if there is to be one.

        Args:
            rate: samples per second.
            font: a .sf2 or .sf3 file.
            options: how the synth sounds. The notes go through the effect before their reverb is
                added.

        Raises:
            BundleError: the effect cannot be used, or is for another rate.
            PortError: the library is missing, or does not take the sound font.
        """
        self._effect = None if options.effect is None else load_effect(options.effect, rate)
        self._synth = Synth(rate, font, options)
        self._limiter = Limiter(rate)
        self._dry = Block()
        self._wet = self._dry if self._effect is None else Block()
        self._done = 0

    def take_time(self) -> None:
        """Nobody listens yet: an effect may take longer than it lasts."""
        if self._effect:
            self._effect.is_live = False

    @property
    def effect(self) -> str:
        """The effect's name, and what is wrong with it; empty if there is none."""
        return self._effect.description if self._effect else ""

    def hear(self, offset: int, data: bytes) -> None:
        """A message at that sample of the next block, not before the one that was heard last."""
        self._render_until(offset)
        self._synth.hear(data)

    def block(self) -> Block:
        """The next block; it is the caller's until the next call."""
        self._render_until(BLOCK)
        if self._effect is not None:
            self._effect.process(self._dry)
            self._dry.add(self._wet)
            self._wet.clear()
        out = self._limiter.process(self._dry)
        self._dry.clear()
        self._done = 0
        return out

    def close(self) -> None:
        """Free the synth's memory."""
        self._synth.close()

    def _render_until(self, offset: int) -> None:
        if offset > self._done:
            self._synth.render(offset - self._done, self._dry, self._wet, self._done)
            self._done = offset
