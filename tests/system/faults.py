"""Random faults: a daemon is steered, starved, stopped and killed, and has to play on.

A real ``playbach daemon`` plays over JACK to a synth in a process of its own. Faults come in an
order that the seed decides: orders, settings, other sinks and models (sound, damaged, missing),
requests that make no sense, floods, reloads, stop and continue, the synth gone and back or killed,
SIGTERM and SIGKILL. In between it is checked that music is heard again and that a pause is silence.

    python -m tests.system.faults [--minutes 20] [--seed 1] [--slow 0.25] [--log FILE]

``--log`` keeps what the daemon said, and in ``FILE.diary`` each fault, request and message heard,
to the millisecond.

Exit status 1 when anything was not as it must be.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.fixtures.jack import jack_server
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE
from tests.system.machines.table import Row, table
from tests.system.synth import Synth

from playbach.session.commands import Command

PATIENCE = 60.0
"""Seconds after which music that does not come is missing, on however busy a machine."""
SETTLED = 1.5
"""Seconds after a pause or an end in which the music fades, and a message may be on its way."""
STANDSTILL = 5.0
"""Seconds in which a note that is ended may go on sounding because the server stands still."""
CHECK_EVERY = 15
"""Faults between two looks at whether it plays and can be silent."""
RARE, SOMETIMES, OFTEN = 1, 4, 12

CONFIG = """
[music]
tempo = {tempo}
[sound]
sink = "jack"
port = "{synth}"
[page]
address = "127.0.0.1:{port}"
models = "models"
[recording]
folder = "recordings"
megabytes = 1
"""
# Runs the daemon with a composer that takes so many seconds for each item.
SLOW_PROGRAM = """
import sys, time
from playbach.composer.composer import Composer
quick = Composer.__next__
def slow(self):
    time.sleep({seconds})
    return quick(self)
Composer.__next__ = slow
from playbach.cli import main
sys.exit(main(sys.argv[1:]))
"""


@dataclass
class Usage:
    """What a process holds.

    Attributes:
        memory: its own, resident, in MB: without files, and without what JACK shares.
        descriptors: open files, sockets and pipes.
        threads: of the process.
    """

    memory: float = 0.0
    descriptors: int = 0
    threads: int = 0

    @classmethod
    def of(cls, pid: int) -> Usage:
        here = Path(f"/proc/{pid}")
        said = dict(line.split(":", 1) for line in (here / "status").read_text().splitlines())
        memory = int(said["RssAnon"].split()[0]) * 1024 / 1e6
        return cls(memory, len(list((here / "fd").iterdir())), int(said["Threads"]))


@dataclass
class Found:
    """What went wrong, and what was seen on the way."""

    faults: Counter[str] = field(default_factory=Counter)
    lives: int = 0
    deaths: list[str] = field(default_factory=list)
    hanging: list[str] = field(default_factory=list)
    left_by_kills: int = 0
    silences: int = 0
    without_music: list[str] = field(default_factory=list)
    server_errors: list[str] = field(default_factory=list)
    first: Usage = field(default_factory=Usage)
    most: Usage = field(default_factory=Usage)
    last: Usage = field(default_factory=Usage)


class Daemon:
    """A ``playbach daemon`` in a folder of its own."""

    def __init__(self, folder: Path, synth: str, slow: float) -> None:
        self._folder = folder
        self._synth = synth
        self._slow = slow
        self.port = free_port()
        self.log = folder / "log"
        self.diary = folder / "diary"
        self.configure(tempo=240)
        self._process: subprocess.Popen[bytes] | None = None

    def configure(self, tempo: int) -> None:
        text = CONFIG.format(tempo=tempo, synth=self._synth, port=self.port)
        (self._folder / "config.toml").write_text(text, encoding="utf-8")

    def start(self) -> None:
        program = (
            ["-c", SLOW_PROGRAM.format(seconds=self._slow)] if self._slow else ["-m", "playbach"]
        )
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *program, "daemon", "--config", str(self._folder / "config.toml")],
                stdout=log,
                stderr=log,
                env={**os.environ, "STATE_DIRECTORY": str(self._folder / "state")},
            )

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def answer(self, path: str) -> Any:
        """What the page answers, ``None`` if nothing."""
        return self._exchange("GET", path, None)[1]

    def request(self, method: str, path: str, body: object = None) -> int:
        """The status of the answer; 0 if there is none."""
        status = self._exchange(method, path, body)[0]
        self.note(f"{method} {path} {body!r}"[:200] + f": {status}")
        return status

    def note(self, line: str) -> None:
        """Write down what was done, or heard."""
        now = datetime.now().astimezone().isoformat(timespec="milliseconds")[11:23]
        with self.diary.open("a", encoding="utf-8", errors="replace") as diary:
            diary.write(f"{now} {line}\n")

    def _exchange(self, method: str, path: str, body: object) -> tuple[int, Any]:
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request(method, f"/api/v1/{path}", body=content, headers=headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except (OSError, ValueError, http.client.HTTPException):
            return 0, None
        finally:
            connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Soak:
    """The faults, drawn by chance, and what is looked at between them."""

    def __init__(self, folder: Path, seed: int, slow: float) -> None:
        self._chance = random.Random(seed)
        self._folder = folder
        self.found = Found()
        self._recent: deque[str] = deque(maxlen=5)
        self.synth = Synth(f"playbach-faults-{os.getpid()}")
        self.daemon = Daemon(folder, self.synth.name, slow)
        self.synth.on_heard = lambda data: self.daemon.note(f"heard {data.hex(' ')}")
        self._faults: dict[str, tuple[int, Callable[[], object]]] = {
            "order": (OFTEN, self._order),
            "settings": (OFTEN, self._settings),
            "another sink": (SOMETIMES, self._sink),
            "another model": (SOMETIMES, self._model),
            "nonsense": (SOMETIMES, self._nonsense),
            "flood": (SOMETIMES, self._flood),
            "reload": (SOMETIMES, self._reload),
            "stopped and continued": (SOMETIMES, self._stop_and_continue),
            "synth off or on": (SOMETIMES, self._switch),
            "SIGTERM": (RARE, lambda: self._end(signal.SIGTERM)),
            "SIGKILL": (RARE, lambda: self._end(signal.SIGKILL)),
        }

    def run(self, seconds: float) -> None:
        self._write_models()
        self.synth.switch_on()
        self._begin()
        until = time.monotonic() + seconds
        names = list(self._faults)
        weights = [weight for weight, _ in self._faults.values()]
        while time.monotonic() < until:
            (name,) = self._chance.choices(names, weights)
            self.found.faults[name] += 1
            self._recent.append(name)
            self.daemon.note(f"fault: {name}")
            self._faults[name][1]()
            time.sleep(self._chance.expovariate(2.0))
            self._still_lives(name)
            if self.found.faults.total() % CHECK_EVERY == 0:
                self._check()
        self._check()
        self._end(signal.SIGTERM, again=False)
        self.synth.switch_off()

    def _write_models(self) -> None:
        models = self._folder / "state" / "models"
        models.mkdir(parents=True)
        content = TINY_BUNDLE.read_bytes()
        (models / "tiny.bundle").write_bytes(content)
        (models / "cut.bundle").write_bytes(content[: len(content) // 2])
        (models / "noise.bundle").write_bytes(self._chance.randbytes(len(content)))

    def _begin(self) -> None:
        self.daemon.start()
        self.found.lives += 1
        self._await(lambda: self.daemon.request("GET", "status") == 200, "the page answers")

    def _await(self, reached: Callable[[], object], what: str) -> bool:
        until = time.monotonic() + PATIENCE
        while not reached():
            if self.daemon.process.poll() is not None:
                self._still_lives(f"waiting until {what}")
                return False
            if time.monotonic() > until:
                self.found.without_music.append(f"{self._when()}: not {what}; {self._status()}")
                return False
            time.sleep(0.02)
        return True

    def _note_hanging(self, after: str) -> None:
        # A JACK server stands still for two seconds when a client of it was killed.
        until = time.monotonic() + STANDSTILL
        while self.synth.sounding and time.monotonic() < until:
            time.sleep(0.02)
        for channel, pitch in self.synth.sounding:
            line = f"{self._when()}: channel {channel}, pitch {pitch} hangs after {after}"
            self.found.hanging.append(line)
            self.daemon.note(line)

    def _when(self) -> str:
        """The time as the log has it, and the last faults."""
        return f"{time.strftime('%H:%M:%S')} ({', '.join(self._recent)})"

    def _status(self) -> str:
        keys = ("transport", "resting", "sink", "connected", "notes", "movement", "tempo")
        status = self.daemon.answer("status") or {}
        return ", ".join(f"{key} {status.get(key)!r}" for key in keys)

    def _still_lives(self, fault: str) -> None:
        status = self.daemon.process.poll()
        if status is None:
            usage, most = Usage.of(self.daemon.process.pid), self.found.most
            self.found.most = Usage(
                max(usage.memory, most.memory),
                max(usage.descriptors, most.descriptors),
                max(usage.threads, most.threads),
            )
            return
        self.found.deaths.append(f"exit status {status} after {fault}")
        self._begin()

    def _check(self) -> None:
        """It plays, and a pause is silence."""
        self.synth.switch_on()
        # A port that is not there yet is refused, and rightly so.
        self._await(self.synth.ready.is_set, "the synth is on")
        request = self.daemon.request
        request("PATCH", "settings", {"sink": None, "port": None})
        wanted = {"sink": "jack", "port": self.synth.name, "tempo": 240}
        if request("PATCH", "settings", wanted) != HTTPStatus.OK:
            self.found.without_music.append(f"{self._when()}: the synth is refused")
        request("POST", "commands/play")
        before = self.synth.notes
        self._await(lambda: self.synth.notes > before + 3, "music is heard")
        request("POST", "commands/pause")
        time.sleep(SETTLED)
        self.found.silences += 1
        self._note_hanging("a pause")
        self.found.last = Usage.of(self.daemon.process.pid)
        if self.found.silences == 1:
            self.found.first = self.found.last
        request("POST", "commands/play")

    def _order(self) -> None:
        command = self._chance.choice(list(Command))
        self._ask("POST", f"commands/{command.value}")
        if self._chance.random() < 0.7:
            self._ask("POST", "commands/play")

    def _settings(self) -> None:
        draw = self._chance
        wanted: dict[str, object] = {
            "tempo": draw.choice([None, draw.randint(60, 400)]),
            "transpose": draw.randint(-24, 24),
            "channel": draw.randint(1, 16),
            "program": draw.randint(0, 127),
            "temperature": draw.uniform(0.3, 2.0),
            "memory": draw.uniform(0.0, 2.0),
            "form": draw.choice([None, "gigue", "sarabande", "prelude", "menuet"]),
            "key": draw.choice([None, "D minor", "F major", "C# minor"]),
            "meter": draw.choice([None, "3/4", "6/8", "4/4"]),
            "clock_out": draw.random() < 0.5,
            "playable": draw.random() < 0.5,
        }
        names = draw.sample(sorted(wanted), draw.randint(1, 4))
        self._ask("PATCH", "settings", {name: wanted[name] for name in names})

    def _sink(self) -> None:
        sink = self._chance.choice(["none", "jack", "midi", "fluidsynth", "alsa", None])
        port = self._chance.choice([self.synth.name, None, "no such port"])
        self._ask("PATCH", "settings", {"sink": sink, "port": port})

    def _model(self) -> None:
        folder = self._folder / "state" / "models"
        names = ["tiny", "cut", "noise", "missing"]
        bundle = self._chance.choice([None, *(str(folder / f"{name}.bundle") for name in names)])
        self._ask("PATCH", "settings", {"bundle": bundle})

    def _nonsense(self) -> None:
        draw = self._chance
        bodies: list[object] = [
            {"self": 1}, {"bundle": []}, {"tempo": "fast"}, {"tempo": -1e400}, {"\ud800": 1}, [],
            b"\xff", b"{" * 1000, {"form": "\ud800"}, {"port": "x" * 10_000}, {"": None}, None,
        ]  # fmt: skip
        self._ask("PATCH", "settings", draw.choice(bodies))
        self._ask("POST", f"commands/{draw.choice(['', '%00', 'play%2Fpause', 'x' * 999])}")

    def _flood(self) -> None:
        """Sockets that are opened, say a little, and are torn down."""
        with contextlib.ExitStack() as sockets, contextlib.suppress(OSError):
            for _ in range(self._chance.randint(1, 60)):
                one = socket.create_connection(("127.0.0.1", self.daemon.port), timeout=1)
                sockets.enter_context(one)
                one.sendall(
                    b"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n"[
                        : self._chance.randint(0, 50)
                    ]
                )

    def _reload(self) -> None:
        self.daemon.configure(self._chance.randint(100, 300))
        if self._chance.random() < 0.2:
            (self._folder / "config.toml").write_text("tempo = = 1")
        self.daemon.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        self.daemon.configure(240)

    def _stop_and_continue(self) -> None:
        self.daemon.process.send_signal(signal.SIGSTOP)
        time.sleep(self._chance.uniform(0.0, 3.0))
        self.daemon.process.send_signal(signal.SIGCONT)

    def _switch(self) -> None:
        if self.synth.is_on:
            self.synth.switch_off(by_force=self._chance.random() < 0.5)
        else:
            self.synth.switch_on()

    def _end(self, number: signal.Signals, *, again: bool = True) -> None:
        """End the daemon, and begin another."""
        process = self.daemon.process
        process.send_signal(number)
        try:
            status = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
            self.found.deaths.append(f"does not end at {number.name}")
        time.sleep(SETTLED)
        if number is signal.SIGKILL:
            self.found.left_by_kills += len(self.synth.sounding)
        else:
            self._note_hanging(number.name)
            if status:
                self.found.deaths.append(f"exit status {status} at {number.name}")
        if again:
            self._begin()

    def _ask(self, method: str, path: str, body: object = None) -> None:
        status = self.daemon.request(method, path, body)
        if status >= 500:
            self.found.server_errors.append(f"{method} {path} {body!r}"[:100])


def rows(soak: Soak) -> list[Row]:
    """The table of what was found."""
    found, synth = soak.found, soak.synth
    text = soak.daemon.log.read_text(encoding="utf-8", errors="replace")
    # What Python and the threads' own logs print for a bug.
    tracebacks = text.count("Traceback (most recent call last)")

    def usage(of: Usage) -> str:
        return f"{of.memory:.0f} MB, {of.descriptors} descriptors, {of.threads} threads"

    none = {
        "notes struck while they sounded": synth.doubled,
        "notes hanging after a pause or SIGTERM": len(found.hanging),
        "deaths": len(found.deaths),
        "times without music": len(found.without_music),
        "answers of 500 and more": len(found.server_errors),
        "tracebacks in the log": tracebacks,
    }
    return [
        Row(("faults", f"{found.faults.total():,}"), bool(found.faults)),
        *(Row((f"  {name}", f"{count:,}"), right=True) for name, count in found.faults.items()),
        Row(("lives of the daemon", str(found.lives)), right=True),
        Row(("notes played", f"{synth.notes:,}"), synth.notes > 0),
        Row(("looks at whether it plays and is silent", str(found.silences)), found.silences > 0),
        *(Row((what, str(count)), not count) for what, count in none.items()),
        Row(("notes left by SIGKILL until the next start", str(found.left_by_kills)), right=True),
        Row(("held at first", usage(found.first)), right=True),
        Row(("held at most", usage(found.most)), right=True),
        Row(("held in the end", usage(found.last)), right=True),
        Row(("length of the log", f"{len(text) / 1000:.0f} kB"), right=True),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.system.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slow", type=float, default=0.0, help="seconds for each composed item")
    parser.add_argument("--log", type=Path, help="keep the daemon's log here")
    options = parser.parse_args()
    server = f"playbach-faults-server-{os.getpid()}"
    with jack_server(server), tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder), options.seed, options.slow)
        try:
            soak.run(options.minutes * 60)
        finally:
            soak.daemon.process.kill()
            soak.synth.switch_off(by_force=True)
            if options.log:
                shutil.copyfile(soak.daemon.log, options.log)
                shutil.copyfile(soak.daemon.diary, f"{options.log}.diary")
        lines = rows(soak)
    title = f"random faults, seed {options.seed}, {options.minutes:g} minutes"
    print(table(title, ("what", ""), lines))
    for line in [
        *soak.found.hanging,
        *soak.found.deaths,
        *soak.found.without_music,
        *soak.found.server_errors,
    ]:
        print(line)
    return 0 if all(row.right for row in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
