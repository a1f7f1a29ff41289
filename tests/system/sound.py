"""The board's own sound for minutes, against the same notes rendered at leisure; and its ears.

The process that sends plays composed music through the included effect, over JACK and over ALSA's
plug-in for JACK, and a client of JACK records it. What was recorded is compared with what the same
code renders without a clock, block by block: each must be the same sound, and all of them equally
late, to the sample. Blocks that the server left out for all its clients are counted apart.

A service that listens to what it plays must say so when its cable, another client of JACK, is
pulled out and put in. Then 200 tries each of what the ears must hear and must not: phrases and
composed music, alone and under noise, hum or speech twice as loud; all of these, silence, and other
music.

    python -m tests.system.sound [--minutes 10] [--tries 200] [--seed 1]
        [--only jack|alsa|cable|ears]

Needs jackd2 and libasound2-plugins; without espeak-ng speech is left out, and said. Exit status 1
when anything was not as it must be.
"""

from __future__ import annotations

import argparse
import array
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from bench.report import composer_of
from numpy.typing import NDArray
from scipy import signal
from scipy.io import wavfile
from tests.device.sound.test_synth import FONT, RATE
from tests.fixtures.jack import jack_server

from playbach.bundle import default_bundle_path, read_bundle
from playbach.cli.save import compose
from playbach.midi.files import Placed, timed_messages
from playbach.midi.messages import NOTE_ON, TimedMessage, note_off, note_on, program_change
from playbach.performer.performer import Manner
from playbach.save.midi import performed
from playbach.sender.process import apart
from playbach.sinks.jack import required_library
from playbach.sinks.jack_queue import frames_between
from playbach.sinks.jack_server import detach
from playbach.sinks.sound import SoundSink
from playbach.sound.chain import Chain
from playbach.sound.ears import LATE, NOTES, Played, can_be_heard, listen, phrase
from playbach.sound.options import EFFECTS, SoundOptions
from playbach.sound.synth import BLOCK
from playbach.stream import Seconds

Samples = NDArray[np.float32]
OPTIONS = SoundOptions(soundfont=str(FONT), reverb=0.0, effect=EFFECTS[0])
PLUGIN, CABLE = "jackplug", "cable"
PATIENCE = 180.0
"""Seconds in which the service must say what it hears."""
SAME = 1e-3
"""The greatest difference of a sample that is the same sound: -60 dB."""
BEFORE = 1.0
"""Seconds from the choice of the instrument to the first note."""
AHEAD = 1.0
"""Seconds from sending the messages to the first."""
_SIGN = 0.2
RECOVERY = 2.0
"""Seconds after a gap of the server's, in which notes that sounded are shifted."""
OTHERS = 10_000
"""From this seed on it is other music."""
LOUDER = 2.0
"""How much louder than the notes is what they are heard under."""


def say(line: str) -> None:
    """Tell it at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def music(minutes: float, seed: int) -> list[TimedMessage]:
    """What the included network composes, as it is performed, each message at a whole sample."""
    composer = composer_of(read_bundle(default_bundle_path()), seed=seed)
    placed: list[Placed] = []
    messages: list[TimedMessage] = []
    while not messages or messages[-1].time < 60 * minutes:
        placed += performed(compose(composer), Manner(), seed)
        messages = list(timed_messages(placed))
    return [
        TimedMessage(Seconds(0.0), program_change(0, 42)),
        *(
            TimedMessage(Seconds(round((BEFORE + message.time) * RATE) / RATE), message.data)
            for message in messages
            if message.time < 60 * minutes and message.data[0] & 0xE0 == 0x80
        ),
    ]


def rendered(messages: Sequence[TimedMessage], options: SoundOptions, seconds: float) -> Samples:
    """The left channel without a clock, from the time of the first message on."""
    chain = Chain(RATE, FONT, options)
    chain.take_time()
    waiting = [(round((one.time - messages[0].time) * RATE), one.data) for one in messages]
    parts, at = [], 0
    for start in range(0, round(seconds * RATE), BLOCK):
        while at < len(waiting) and waiting[at][0] < start + BLOCK:
            chain.hear(waiting[at][0] - start, waiting[at][1])
            at += 1
        parts.append(np.frombuffer(chain.block().left, np.float32).copy())
    chain.close()
    return np.concatenate(parts)


class Recorder:
    """A client of JACK that keeps what comes to its ports, each sample at its frame."""

    def __init__(self, name: str, most: float) -> None:
        self.client = required_library().Client(name, no_start_server=True)
        self._ports = [self.client.inports.register(side) for side in ("left", "right")]
        self.kept = array.array("f", bytes(4 * round(most * RATE)))
        self._view = memoryview(self.kept)
        self._begin = -1
        self.end = 0
        self.gaps: list[tuple[int, int]] = []
        """Where the server left out frames, and how many."""
        self.client.set_process_callback(self._process)
        self.client.activate()

    def _process(self, frames: int) -> None:
        start = int(self.client.last_frame_time)
        if self._begin < 0:
            self._begin = start
        at = frames_between(self._begin, start)
        if at > self.end:
            self.gaps.append((self.end, at - self.end))
        if at + frames <= len(self.kept):
            self._view[at : at + frames] = memoryview(self._ports[0].get_buffer()).cast("f")
            self.end = at + frames

    def close(self) -> Samples:
        detach(self.client.close)
        return np.frombuffer(self.kept, np.float32)[: self.end]


@dataclass
class Compared:
    """What was recorded beside what was rendered."""

    lag: int  # samples by which the recording is later, by its first minute
    blocks: int  # compared
    other: int  # of them not the same sound
    lags: set[int]  # of each stretch of ten seconds

    @property
    def is_exact(self) -> bool:
        return not self.other and self.lags == {self.lag}


def compared(recorded: Samples, whole: Samples, gaps: Sequence[tuple[int, int]]) -> Compared:
    """Find each stretch of what was rendered in the recording, and compare them block by block."""
    stretch = 10 * RATE
    lag = found_at(recorded[: 3 * stretch], whole[RATE : 2 * stretch]) - RATE
    blocks = other = 0
    lags = set()
    wrong = set()
    for start, count in gaps:
        first = (start - lag) // BLOCK
        wrong |= set(range(first, first + int((count + RECOVERY * RATE) // BLOCK) + 1))
    for begin in range(0, len(whole) - stretch, stretch):
        part = whole[begin : begin + stretch]
        near = recorded[max(0, begin + lag - RATE) :][: stretch + 2 * RATE]
        if len(near) < stretch + RATE or np.abs(part).max() < SAME:
            continue
        lags.add(found_at(near, part) - min(RATE, begin + lag) + lag)
        same = recorded[begin + lag : begin + lag + stretch]
        apart_by = np.abs(same - part)[: stretch // BLOCK * BLOCK].reshape(-1, BLOCK).max(axis=1)
        for number, most in enumerate(apart_by):
            if begin // BLOCK + number not in wrong:
                blocks += 1
                other += bool(most > SAME)
    return Compared(lag, blocks, other, lags)


def found_at(whole: Samples, part: Samples) -> int:
    """Where a part lies in something longer."""
    return int(np.argmax(signal.correlate(whole, part, "valid", "fft")))


@contextmanager
def plug_in(port: str) -> Iterator[None]:
    """ALSA's plug-in for JACK as a device, connected to two ports."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "asound.conf")
        path.write_text(
            f'pcm.raw_{PLUGIN} {{ type jack playback_ports {{ 0 "{port}:left" '
            f'1 "{port}:right" }} }}\n'
            f'pcm.{PLUGIN} {{ type plug slave.pcm "raw_{PLUGIN}" }}\n'
        )
        before = os.environ.get("ALSA_CONFIG_PATH")
        os.environ["ALSA_CONFIG_PATH"] = f"/usr/share/alsa/alsa.conf:{path}"
        try:
            yield
        finally:
            os.environ.pop("ALSA_CONFIG_PATH")
            if before is not None:
                os.environ["ALSA_CONFIG_PATH"] = before


def played(port: str, messages: Sequence[TimedMessage], name: str) -> tuple[Samples, Any]:
    """What is recorded while the process that sends plays these messages to a port."""
    seconds = messages[-1].time + 3.0
    ear = Recorder(name, 1.5 * seconds + 20)
    sink = apart(SoundSink(port, OPTIONS), port, OPTIONS)
    try:
        sink.open()
        sink.start(lambda error: sys.exit(f"the sink failed: {error!r}"))
        if port == "jack":
            for side in ("left", "right"):
                ear.client.connect(f"playbach:{side}", f"{name}:{side}")
        # All at once: between two calls the clocks of the two processes may be brought together.
        first = sink.now() + AHEAD
        sink.send([TimedMessage(Seconds(first + one.time), one.data) for one in messages])
        bypassed = 0.0
        while sink.now() < first + seconds:
            # A sign of life, without which what was sent is dropped.
            sink.send([])
            time.sleep(_SIGN)
            bypassed += _SIGN * ("left out" in sink.description)
        late = sink.lateness
        what = f"{late.sent} messages, {1000 * late.max:.1f} ms late at most" if late else ""
        say(f"  {sink.description}; {what}; the effect left out for {bypassed:.0f} s")
    finally:
        sink.close()
        samples = ear.close()
    return samples, ear.gaps


def play(way: str, minutes: float, seed: int) -> bool:
    """Play and compare; whether all was as it must be."""
    messages = music(minutes, seed)
    say(f"{way}: {sum(one.data[0] & 0xF0 == NOTE_ON for one in messages)} notes, {minutes:g} min")
    whole = rendered(messages, OPTIONS, messages[-1].time + 2.0)
    server = f"playbach-{way}-{os.getpid() % 10_000}"
    with jack_server(server, 1024 if way == "alsa" else 256):
        name = f"ear-{way}"
        with plug_in(name):
            recorded, gaps = played("jack" if way == "jack" else PLUGIN, messages, name)
    found = compared(recorded, whole, gaps)
    say(
        f"  {found.blocks:,} blocks of {BLOCK} compared, {found.other} not the same sound; "
        f"delays of each ten seconds, in samples: {sorted(found.lags)}; the server left out "
        f"{len(gaps)} times"
    )
    return found.is_exact and found.blocks > 0


CONFIG = f"""
[sound]
sink = "sound"
port = "jack"
soundfont = "{FONT}"
effect = "{EFFECTS[0]}"
[page]
address = "off"
[service]
remember = false
listen_back = "{CABLE}:output_1"
"""
HEARD, NOBODY, AGAIN = "notes are heard", "nobody hears it by", "no longer so: nobody hears it"


def cable() -> bool:
    """A service whose cable is pulled out and put in; whether its log says so."""
    with (
        tempfile.TemporaryDirectory() as folder,
        jack_server(f"playbach-cable-{os.getpid()}", 1024),
    ):
        config, log = Path(folder, "config.toml"), Path(folder, "log")
        config.write_text(CONFIG)
        daemon = [sys.executable, "-m", "playbach", "daemon", "--config", str(config)]
        ends = ("playbach:left", f"{CABLE}:input_1")
        with (
            log.open("w") as out,
            running(["jack_thru", CABLE], subprocess.DEVNULL),
            running(daemon, out),
        ):
            for orders, said in (
                (["jack_connect", *ends], HEARD),
                (["jack_disconnect", *ends], NOBODY),
                (["jack_connect", *ends], AGAIN),
            ):
                begun = time.monotonic()
                told = wait_for(orders, log, said)
                say(f"cable, {orders[0]}: {'' if told else 'not '}said: {said!r}, "
                    f"after {time.monotonic() - begun:.0f} s")  # fmt: skip
                if not told:
                    say(log.read_text())
                    return False
    return True


def wait_for(orders: Sequence[str], log: Path, said: str) -> bool:
    """Do it, again if its ports are not there yet, and wait until the log says it."""
    until = time.monotonic() + PATIENCE
    is_done = False
    while time.monotonic() < until:
        is_done = is_done or not subprocess.run(orders, capture_output=True, check=False).returncode
        if is_done and said in log.read_text():
            return True
        time.sleep(0.5)
    return False


@contextmanager
def running(command: Sequence[str], out: Any) -> Iterator[None]:
    """A program, ended afterwards."""
    with subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            yield
        finally:
            process.terminate()


class Sound(NamedTuple):
    """Something to listen to, and notes to look for in it."""

    samples: Samples
    notes: list[Played]


def phrase_of(seed: int) -> Sound:
    """The phrase of ``check --listen``, rendered."""
    notes = [note._replace(at=note.at + BEFORE) for note in phrase(seed)]
    return Sound(
        rendered(_messages(notes), OPTIONS._replace(effect=None, reverb=0.2), LENGTH), notes
    )


def piece_of(seed: int) -> Sound:
    """A passage of composed music."""
    # Of one seed or another: a piece comes back to what it has said.
    every = passage(7 + (seed >= OTHERS))
    ons = [index for index, note in enumerate(every) if note.at > BEFORE]
    start = ons[int(np.random.default_rng(seed).integers(0, len(ons) - 20 * NOTES))]
    after = every[start].at - BEFORE
    heard = [index for index in range(start, len(every)) if can_be_heard(every[index])][:NOTES]
    notes = [note._replace(at=note.at - after) for note in every[start : heard[-1] + 1]]
    length = notes[-1].at + LATE + 1.0
    options = OPTIONS._replace(effect=EFFECTS[0] if seed % 2 else None, reverb=0.2)
    return Sound(rendered(_messages(notes), options, length), notes)


LENGTH = BEFORE + NOTES * 0.2 + LATE + 1.0


@cache
def passage(seed: int) -> list[Played]:
    begun: dict[int, Seconds] = {}
    found = []
    for at, data in music(8.0, seed):
        if data[0] & 0xF0 == NOTE_ON and data[2]:
            begun[data[1]] = at
        elif data[1] in begun and len(data) > 2:
            start = begun.pop(data[1])
            found.append(Played(start, at - start, data[1]))
    return sorted(found)


def _messages(notes: Sequence[Played]) -> list[TimedMessage]:
    # At one moment what ends comes before what begins.
    both = [(note.at, 1, note_on(0, note.key, 80)) for note in notes]
    both += [(note.at + note.lasts, 0, note_off(0, note.key)) for note in notes]
    first = TimedMessage(Seconds(0.0), program_change(0, 42))
    return [first, *(TimedMessage(Seconds(at), data) for at, _, data in sorted(both))]


def noise(seed: int, count: int) -> Samples:
    """Pink."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    falling = np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.asarray(np.fft.irfft(spectrum / falling, count), np.float32)


def hum(seed: int, count: int) -> Samples:
    times = np.arange(count) / RATE
    hertz = (50, 60)[seed % 2] * (1 + 0.002 * np.random.default_rng(seed).standard_normal())
    return np.asarray(
        sum(np.sin(2 * np.pi * hertz * n * times) / n for n in range(1, 12)), np.float32
    )


@cache
def voices() -> Samples:
    """Two minutes of speech in several languages; none if there is no espeak-ng."""
    program = shutil.which("espeak-ng")
    if program is None:
        return np.zeros(0, np.float32)
    parts = []
    words = " ".join(str(7 * number) for number in range(11, 51))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "voice.wav")
        for voice in ("en", "de", "fr", "es", "it", "pl"):
            subprocess.run([program, "-v", voice, "-w", path, words], check=True)
            rate, samples = wavfile.read(path)
            ratio = Fraction(RATE, rate)
            parts.append(signal.resample_poly(samples / 32768, ratio.numerator, ratio.denominator))
    return np.concatenate(parts).astype(np.float32)


def speech(seed: int, count: int) -> Samples:
    whole = voices()
    start = int(np.random.default_rng(seed).integers(0, len(whole) - count))
    return whole[start : start + count]


def under(sound: Sound, other: Samples) -> Samples:
    """A sound and another so much louder."""
    level = np.sqrt(np.mean(sound.samples**2) / max(float(np.mean(other**2)), 1e-12))
    return np.asarray(sound.samples + LOUDER * level * other, np.float32)


def ears(tries: int, seed: int) -> bool:
    """All tries; whether none was wrong."""
    makes: dict[str, Callable[[int], Sound]] = {"phrase": phrase_of, "music": piece_of}
    others: dict[str, Callable[[int, int], Samples]] = {
        "noise": noise,
        "hum": hum,
        "speech": speech,
    }
    if not len(voices()):
        say("no speech: espeak-ng is not installed")
        del others["speech"]
    right = True
    for what, make in makes.items():
        counts: dict[str, list[int]] = {}
        for number in range(seed, seed + tries):
            sound, another = make(number), make(number + OTHERS)
            count = len(sound.samples)
            tried = {f"{what} alone": (sound.samples, True), "silence": (0 * sound.samples, False)}
            tried[f"other {what}"] = (_cut(another.samples, count), False)
            for name, of in others.items():
                beside = of(number, count)
                tried[f"{what} under {name}"] = under(sound, beside), True
                tried[name] = beside, False
            for name, (samples, wanted) in tried.items():
                found = listen(samples, RATE, sound.notes)
                row = counts.setdefault(name, [0, int(wanted), NOTES if wanted else 0])
                row[0] += found.is_heard == wanted
                row[2] = min(row[2], found.notes) if wanted else max(row[2], found.notes)
        for name, (correct, wanted_too, extreme) in counts.items():
            least = "least" if wanted_too else "most"
            told = "heard" if wanted_too else "not heard"
            say(f"{what}, {name}: {told} in {correct} of {tries}; at {least} {extreme} notes")
            right = right and correct == tries
    return right


def _cut(samples: Samples, count: int) -> Samples:
    found = np.zeros(count, np.float32)
    found[: len(samples)] = samples[:count]
    return found


def main(arguments: Sequence[str]) -> int:
    """Try all; 1 if anything was not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.sound")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--tries", type=int, default=200)
    parser.add_argument("--only", choices=("jack", "alsa", "cable", "ears"))
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    right = True
    for way in ("jack", "alsa"):
        if asked.only in {None, way}:
            right = play(way, asked.minutes, asked.seed) and right
    if asked.only in {None, "cable"}:
        right = cable() and right
    if asked.only in {None, "ears"}:
        right = ears(asked.tries, asked.seed) and right
    say("all as it must be" if right else "not all as it must be")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
