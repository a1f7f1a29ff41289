"""The board's own sound: fluidsynth's library renders on the clock of the sound card.

A note begins on its very sample. The sound goes to JACK, if that runs, or to ALSA.
"""

from __future__ import annotations

import array
import threading
import time
from typing import Any, TypeAlias

from playbach.errors import PlaybachError, PortAbsentError
from playbach.sinks.frames import FrameLink, FrameQueue, FrameSink
from playbach.sinks.jack_queue import JackQueue
from playbach.sinks.jack_server import jack_is_running, jack_library, open_client
from playbach.sinks.pcm import CHANNELS, Pcm
from playbach.sinks.realtime import claim_priority
from playbach.sinks.soundfont import has_sound_card, require_font
from playbach.sound.chain import Chain, load_effect
from playbach.sound.options import DEFAULT, SoundOptions
from playbach.sound.synth import BLOCK, Block, library

JACK = "jack"
"""The port that stands for JACK; any other is a device of ALSA."""
_DEFAULT = "default"
_RATE = 48_000
_LATENCY = 0.02
"""Seconds that the card's buffer holds."""
_RETRY = 1.0
"""Seconds between attempts to reach a card or server that was not there."""
_NAME = "playbach"
_AHEAD = 0.1
"""Seconds by which a device may take samples faster than time passes: one without a clock would
take them all at once."""
_SLEW = 0.01 * BLOCK
"""Frames by which the two clocks may go apart in a block; those of real cards do so by far less."""

Samples: TypeAlias = "memoryview[Any]"
"""32-bit floats."""


class _Rendered:
    """The chain's blocks, cut into periods of any length."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._block = Block()
        self._left = 0
        self._end = 0
        self.gaps = 0
        """How often the server or the card was not served in time, or left some out."""

    def timed(self, timing: str) -> str:
        """What is said of the timing, with the gaps if there were any."""
        return f"{timing}; gaps: {self.gaps}" if self.gaps else timing

    def pull(
        self, queue: FrameQueue, start: int, frames: int, left: Samples, right: Samples
    ) -> None:
        """The period of ``frames`` that begins at frame ``start``, into two buffers of floats."""
        if start != self._end - self._left:
            # The server or the card has left some out.
            self.gaps += self._end > 0
            self._end, self._left = start, 0
        done = 0
        while done < frames:
            if not self._left:
                queue.leave(self._end + self._chain.latency, BLOCK, self._hear)
                self._block, self._left = self._chain.block(), BLOCK
                self._end += BLOCK
            count = min(self._left, frames - done)
            begin = BLOCK - self._left
            for side, samples in zip((left, right), self._block.views, strict=True):
                side[done : done + count] = samples[begin : begin + count]
            done += count
            self._left -= count

    def _hear(self, offset: int, data: bytes) -> bool:
        self._chain.hear(offset, data)
        return True


class JackSound(JackQueue):
    """A client of JACK with two audio ports."""

    def __init__(self, jack: Any, client: Any, now: float, chain: Chain) -> None:
        """``jack``: JACK-Client; ``now`` as of ``JackQueue``."""
        self._rendered = _Rendered(chain)
        super().__init__(jack, client, now)
        self._connect(jack)

    @property
    def timing(self) -> str:
        return self._rendered.timed(super().timing)

    def register(self) -> None:
        self._outs = [self.client.outports.register(side) for side in ("left", "right")]

    def fill(self, start: int, frames: int) -> None:
        left, right = (memoryview(port.get_buffer()).cast("f") for port in self._outs)
        self._rendered.pull(self, start, frames, left, right)

    def _connect(self, jack: Any) -> None:
        """To the loudspeakers, if there are any; whoever wants it elsewhere connects it there."""
        speakers = self.client.get_ports(is_audio=True, is_input=True, is_physical=True)
        for out, speaker in zip(self._outs, speakers, strict=False):
            try:
                self.client.connect(out, speaker)
            except jack.JackError:
                continue


class AlsaSound(FrameQueue):
    """A device of ALSA, and the thread that keeps its buffer filled."""

    def __init__(self, pcm: Pcm, now: float, chain: Chain) -> None:
        """``now``: the present, on the time that messages refer to."""
        super().__init__(_RATE)
        self._pcm = pcm
        self._rendered = _Rendered(chain)
        self._written = 0
        self._zero = time.monotonic() * _RATE
        """Frame of the machine's clock at which frame 0 was heard, as far as is known."""
        self._timing = ""
        self._ending = threading.Event()
        self.set_time(now)
        self._thread = threading.Thread(target=self._run, name="playbach-sound", daemon=True)
        self._thread.start()

    @property
    def timing(self) -> str:
        return self._rendered.timed(f"samples of ALSA, {_RATE:,} a second; {self._timing}")

    @property
    def period(self) -> float:
        return (self._pcm.size + BLOCK) / _RATE

    def frame(self) -> int:
        return round(time.monotonic() * _RATE - self._zero)

    def release(self) -> None:
        self._ending.set()
        self._thread.join()
        self._pcm.close()

    def _run(self) -> None:
        self._timing = claim_priority()
        sides = [memoryview(array.array("f", bytes(4 * BLOCK))) for _ in range(CHANNELS)]
        both = array.array("f", bytes(4 * BLOCK * CHANNELS))
        address = both.buffer_info()[0]
        woven = memoryview(both)
        try:
            while not self._ending.is_set():
                self._rendered.pull(self, self._written, BLOCK, *sides)
                for channel, side in enumerate(sides):
                    woven[channel::CHANNELS] = side
                whole = self._pcm.write(address, BLOCK)
                self._written += BLOCK
                self._rendered.gaps += not whole
                self._follow(whole=whole)
        except PortAbsentError:
            pass
        finally:
            self.alive = False

    def _follow(self, *, whole: bool) -> None:
        """Compare the card's clock with the machine's."""
        now = time.monotonic() * _RATE
        off = now - (self._written - self._pcm.delay()) - self._zero
        self._zero += max(-_SLEW, min(_SLEW, off)) if whole else off
        ahead = self._written - self._pcm.size - (now - self._zero)
        if ahead > _AHEAD * _RATE:
            self._ending.wait(ahead / _RATE)


class SoundLink(FrameLink[Any]):
    """The server or card that is played to, which may go and come back."""

    def __init__(self, port: str | None, options: SoundOptions) -> None:
        super().__init__()
        self._port = port
        self._options = options
        self._chain: Chain | None = None
        self._rate = 0
        self._connected = False
        self._next_try = 0.0
        self._where = "JACK or ALSA" if port is None else "JACK" if port == JACK else f"ALSA {port}"

    @property
    def description(self) -> str:
        effect = self._chain.effect if self._chain else ""
        return f"own sound to {self._where}" + (f" by {effect}" if effect else "")

    def open(self) -> None:
        library()
        require_font(self._options.soundfont)
        try:
            self._reach()
        except PortAbsentError:
            if self._options.effect is not None:
                # What is wrong with it is to be said now, though there is no card yet.
                load_effect(self._options.effect, None)
            raise
        self._connected = True

    def present(self) -> bool:
        if self._connected:
            self.note_time()
            return self.queue is not None and self.queue.alive
        if self.queue is not None and not self.queue.alive:
            self.detach()
        now = time.monotonic()
        if self.queue is None and now >= self._next_try:
            self._next_try = now + _RETRY
            try:
                self._reach()
            except PlaybachError:
                return False
        return self.queue is not None

    def detach(self) -> None:
        self._connected = False
        queue, self.queue = self.queue, None
        if queue is not None:
            queue.close()

    def connect(self) -> None:
        if self.queue is None or not self.queue.alive:
            raise PortAbsentError(f"{self._where}: it went away again; it is waited for")
        self._connected = True

    def close(self) -> None:
        super().close()
        chain, self._chain = self._chain, None
        if chain is not None:
            chain.close()

    def _reach(self) -> None:
        """Play to what is there.

        Raises:
            PortAbsentError: nothing is.
        """
        at = self.now()
        jack = jack_library() if self._port in {JACK, None} else None
        client = open_client(jack, _NAME) if jack is not None else None
        if client is not None:
            self._where = "JACK"
            self.queue = JackSound(jack, client, at, self._chain_at(client.samplerate))
            return
        if self._port == JACK:
            raise PortAbsentError(
                "sink sound: no JACK server runs; start one such as jackd or PipeWire, or leave "
                "out --port for ALSA"
            )
        name = self._port or _DEFAULT
        self._where = f"ALSA {name}"
        chain = self._chain_at(_RATE)
        self.queue = AlsaSound(Pcm(name, _RATE, _LATENCY), at, chain)

    def _chain_at(self, rate: int) -> Chain:
        if self._chain is None or rate != self._rate:
            before, self._chain = self._chain, None
            if before is not None:
                before.close()
            font = require_font(self._options.soundfont)
            self._chain, self._rate = Chain(rate, font, self._options), rate
        return self._chain


def ways_out() -> str:
    """What the sound would be played by here: JACK, or ALSA.

    Raises:
        PortError: there is neither.
    """
    if jack_is_running():
        return "JACK"
    if not has_sound_card():
        raise PortAbsentError(
            "there is no sound card and no JACK server; connect one, or choose another sink"
        )
    return "ALSA"


class SoundSink(FrameSink):
    """See ``playbach.sinks.base.Sink`` for its methods."""

    name = "sound"

    def __init__(self, port: str | None = None, options: SoundOptions = DEFAULT) -> None:
        """``port``: ``jack``, or a device of ALSA; ``None`` takes JACK if it runs, else ALSA."""
        super().__init__(SoundLink(port, options))
