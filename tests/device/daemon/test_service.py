"""``playbach daemon`` as a program of its own, with a service manager that the test is."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.fixtures import hostile
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.composer.composer import Composer
from playbach.daemon.service import patient_sink
from playbach.daemon.state import NAME, Overrides
from playbach.errors import InputError
from playbach.playback.engine import PlaybackEngine
from playbach.session.settings import Settings
from playbach.sinks.paced import Nowhere

PATIENCE = 60.0
CONFIG = (
    f'[sound]\nsink = "none"\n[model]\nbundle = "{TINY_BUNDLE}"\n'
    '[page]\naddress = "off"\n[music]\ntempo = 300\n'
)
# Runs the command line after something in it was made to fail.
BREAKING = """
import sys, threading, time
from playbach.cli import main
from {module} import {owner}
def {name}(self, *words, **named):
    {fault}
{owner}.{name} = {name}
sys.exit(main(sys.argv[1:]))
"""


@dataclass
class Service:
    """A daemon that was started, and what it told its manager."""

    process: subprocess.Popen[str]
    manager: socket.socket
    heard: list[str] = field(default_factory=list)

    def until(self, pattern: str) -> re.Match[str]:
        """Wait for a datagram that matches."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.heard.append(self.manager.recv(1000).decode())
            except TimeoutError:
                assert self.process.poll() is None, f"it has ended: {self.ended()}"
                assert time.monotonic() < deadline, f"no {pattern!r} among {self.heard}"
                continue
            if found := re.match(pattern, self.heard[-1]):
                return found

    def falls_silent(self, pattern: str, seconds: float) -> bool:
        """Whether datagrams that match cease to come for so long, though it runs."""
        began = heard = time.monotonic()
        while time.monotonic() < min(heard + seconds, began + PATIENCE):
            with contextlib.suppress(TimeoutError):
                if re.match(pattern, self.manager.recv(1000).decode()):
                    heard = time.monotonic()
        return time.monotonic() >= heard + seconds

    def said(self, words: str) -> str:
        """The next line on standard error with these words."""
        assert self.process.stderr is not None
        return next(line for line in self.process.stderr if words in line)

    def ended(self) -> tuple[int, str]:
        """Its exit status and all it said."""
        try:
            _, error = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            # It then says where each of its threads is.
            self.process.send_signal(signal.SIGABRT)
            pytest.fail(f"it does not end:\n{self.process.communicate(timeout=PATIENCE)[1]}")
        return self.process.returncode, error

    def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        return self.ended()


@contextmanager
def service(folder: Path, *, program: str = "", watchdog: float = 0) -> Iterator[Service]:
    config = folder / "config.toml"
    if not config.exists():
        config.write_text(CONFIG)
    command = ("-c", program) if program else ("-m", "playbach")
    environment = {
        **os.environ,
        "NOTIFY_SOCKET": str(folder / "notify"),
        "STATE_DIRECTORY": str(folder / "state"),
        "WATCHDOG_USEC": str(round(watchdog * 1_000_000)),
    }
    environment.pop("WATCHDOG_PID", None)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        (folder / "notify").unlink(missing_ok=True)
        manager.bind(str(folder / "notify"))
        manager.settimeout(0.2)
        words = (sys.executable, *command, "daemon", "--config", str(config))
        with subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
        ) as process:
            try:
                yield Service(process, manager)
            finally:
                if process.poll() is None:
                    process.kill()


def breaking(method: Callable[..., object], fault: str) -> str:
    """A program in which ``method``, defined in a class, does ``fault`` instead."""
    owner, name = method.__qualname__.split(".")
    return BREAKING.format(module=method.__module__, owner=owner, name=name, fault=fault)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_it_plays_until_it_is_told_to_stop(tmp_path: Path, name: str) -> None:
    with service(tmp_path) as daemon:
        daemon.until("READY=1")
        daemon.until(r"STATUS=Suite 1 in .*, bar \d+; \d+ notes; on nowhere")
        daemon.process.send_signal(getattr(signal, name))
        daemon.until("STOPPING=1")
        status, said = daemon.ended()
    assert status == 0
    assert "Traceback" not in said
    assert re.search(r"info: Suite 1 in .*, I Prelude\n", said)


def test_a_signal_at_the_very_beginning_is_not_lost(tmp_path: Path) -> None:
    program = """
import os, signal, sys
from playbach.cli import main
from playbach.daemon import service
load = service.load_config
service.load_config = lambda path: (os.kill(os.getpid(), signal.SIGTERM), load(path))[1]
sys.exit(main(sys.argv[1:]))
"""
    with service(tmp_path, program=program) as daemon:
        assert daemon.ended()[0] == 0


def test_a_reload_is_announced_and_the_music_goes_on(tmp_path: Path) -> None:
    with service(tmp_path) as daemon:
        notes = int(daemon.until(r"STATUS=.*; (\d+) notes")[1])
        (tmp_path / "config.toml").write_text(CONFIG.replace("300", "200"))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until("RELOADING=1\nMONOTONIC_USEC=")
        daemon.until("READY=1")
        assert int(daemon.until(r"STATUS=.*; (\d+) notes")[1]) >= notes
        status, said = daemon.stop()
    assert status == 0
    assert "configuration read again from" in said


def test_a_broken_configuration_is_reported_and_the_old_one_goes_on(tmp_path: Path) -> None:
    with service(tmp_path) as daemon:
        daemon.until("STATUS=Suite")
        (tmp_path / "config.toml").write_text("[music]\ntempo = 9\nkeey = 'd'\n")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until("READY=1")
        daemon.until("STATUS=Suite")
        status, said = daemon.stop()
    assert status == 0
    assert "config.toml:2: tempo 9: it must be" in said
    assert 'config.toml:3: [music] has no key "keey" (did you mean key?)' in said


def test_a_model_that_crashes_leaves_the_music_as_it_was(tmp_path: Path) -> None:
    with service(tmp_path) as daemon:
        notes = int(daemon.until(r"STATUS=.*; (\d+) notes")[1])
        other = tmp_path / "other.bundle"
        other.write_bytes(hostile.damaged(*hostile.CRASHING[0]))
        (tmp_path / "config.toml").write_text(CONFIG.replace(str(TINY_BUNDLE), str(other)))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until("RELOADING=1")
        daemon.until("READY=1")
        assert int(daemon.until(r"STATUS=.*; (\d+) notes")[1]) >= notes
        status, said = daemon.stop()
    assert status == 0
    assert f"{other}: its float32 network crashed (Segmentation fault) when it was tried" in said
    assert "the configuration stays as it was" in said


def test_a_model_that_hangs_keeps_neither_signs_of_life_nor_the_end_waiting(tmp_path: Path) -> None:
    with service(tmp_path, watchdog=1.0) as daemon:
        daemon.until("STATUS=Suite")
        other = tmp_path / "other.bundle"
        other.write_bytes(hostile.graph_beside("hang.tflite"))
        (tmp_path / "config.toml").write_text(CONFIG.replace(str(TINY_BUNDLE), str(other)))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until("RELOADING=1")
        for _ in range(12):
            daemon.until("WATCHDOG=1")
        status, said = daemon.stop()
    begun = next(n for n, line in enumerate(daemon.heard) if line.startswith("RELOADING=1"))
    assert "READY=1" not in daemon.heard[begun:]
    assert status == 0
    assert "when it was tried" not in said


def test_what_was_changed_before_holds_after_a_restart(tmp_path: Path) -> None:
    configured = Settings(tempo=300.0, sink="none", bundle=str(TINY_BUNDLE))
    changed = Settings(tempo=300.0, sink="none", bundle=str(TINY_BUNDLE), form="gigue")
    Overrides(tmp_path / "state").keep(configured, changed)
    with service(tmp_path) as daemon:
        daemon.until("STATUS=Suite 1 in .*, I Gigue, bar")
        assert daemon.stop()[0] == 0
    assert (tmp_path / "state" / NAME).exists()


def test_a_damaged_state_is_set_aside_and_the_music_begins(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / NAME).write_text("{")
    with service(tmp_path) as daemon:
        daemon.until("STATUS=Suite")
        status, said = daemon.stop()
    assert status == 0
    assert "set aside as settings.damaged" in said


# Where there is neither a sequencer nor a fluidsynth.
NO_SYNTH = """
import sys
from pathlib import Path
from playbach.cli import main
from playbach.sinks import alsa_client, choose
for module in (alsa_client, choose):
    module.ALSA_DEVICE = Path("/nowhere/seq")
sys.exit(main(sys.argv[1:]))
"""
CONFIGURED = Settings(tempo=300.0, sink="none", bundle=str(TINY_BUNDLE))
GONE: dict[str, tuple[dict[str, object], str]] = {
    "bundle": ({"bundle": "/nowhere/x.bundle"}, "/nowhere/x.bundle: "),
    "variant": ({"variant": "int7"}, "variant 'int7': "),
    "sink alsa": ({"sink": "alsa"}, "sink alsa: there is no ALSA sequencer"),
    "sink fluidsynth": ({"sink": "fluidsynth"}, "fluidsynth is not installed"),
    "file": ({"sink": "file", "port": "/nowhere/x.mid"}, "sink file: a service never ends"),
}


@pytest.mark.parametrize("what", GONE)
def test_what_was_remembered_and_is_gone_keeps_nothing_from_playing_and_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    wanted, said = GONE[what]
    monkeypatch.setenv("PATH", "")
    chosen = replace(CONFIGURED, transpose=3, **wanted)  # type: ignore[arg-type]
    Overrides(tmp_path / "state").keep(CONFIGURED, chosen)
    with service(tmp_path, program=NO_SYNTH) as daemon:
        daemon.until(r"STATUS=Suite 1 in .*, bar \d+; \d+ notes; on nowhere")
        status, told = daemon.stop()
    assert status == 0
    (line,) = [line for line in told.splitlines() if "error: " in line]
    assert said in line
    assert "; until then " in line
    assert Overrides(tmp_path / "state").peek(CONFIGURED) == chosen


def test_what_is_configured_and_not_there_keeps_nothing_from_playing(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG.replace(str(TINY_BUNDLE), "missing.bundle"))
    with service(tmp_path) as daemon:
        daemon.until(r"STATUS=Suite 1 in .*, bar \d+")
        status, told = daemon.stop()
    assert status == 0
    assert f"error: {tmp_path}/missing.bundle: " in told
    assert "until then bundle is auto" in told
    assert not (tmp_path / "state" / NAME).exists()


def test_what_appears_while_it_plays_is_taken(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG.replace(str(TINY_BUNDLE), "later.bundle"))
    with service(tmp_path) as daemon:
        daemon.until("STATUS=Suite 1")
        shutil.copy(TINY_BUNDLE, tmp_path / "later.bundle")
        line = daemon.said("no longer so: ")
        assert f"{tmp_path}/later.bundle: " in line
        assert daemon.stop()[0] == 0


def test_no_folder_of_its_own_keeps_it_from_playing(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    (tmp_path / "config.toml").write_text(f'{CONFIG}[recording]\nfolder = "movements"\n')
    with service(tmp_path) as daemon:
        daemon.until("STATUS=Suite 1")
        status, told = daemon.stop()
    assert status == 0
    assert f"error: nothing is recorded: {tmp_path}/state/movements: cannot be made" in told
    assert f"error: what is changed is lost at the next start: {tmp_path}/state" in told


def test_of_two_on_one_state_folder_the_second_says_so_and_both_play(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    theirs.mkdir()
    ours.mkdir()
    (theirs / "state").symlink_to(ours / "state")
    with service(ours) as first:
        first.until("STATUS=Suite 1")
        with service(theirs) as second:
            second.until("STATUS=Suite 1")
            status, told = second.stop()
        assert status == 0
        assert f"{theirs}/state: another Play Bach that runs has its files here" in told
        first.process.kill()
        first.process.wait(PATIENCE)
    with service(theirs) as third:
        third.until("STATUS=Suite 1")
        status, told = third.stop()
    assert status == 0
    assert "another Play Bach" not in told


def test_movements_are_recorded_in_the_state_folder(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f'{CONFIG}[recording]\nfolder = "movements"\n')
    with service(tmp_path) as daemon:
        daemon.until("STATUS=Suite")
        assert daemon.stop()[0] == 0
    assert (tmp_path / "state" / "movements").is_dir()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[music]\ntempo = 9\n", "config.toml:2: tempo 9: it must be 10 to 400"),
        ('[sound]\nsink = "file"\n', "sink file: a service never ends"),
        (
            '[sound]\nsink = "fluidsynth"\nport = "x"\n',
            "port x: the sink fluidsynth has no ports",
        ),
    ],
)
def test_a_mistake_is_one_line_and_status_2(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    with service(tmp_path) as daemon:
        status, said = daemon.ended()
    assert status == 2
    assert line in said.splitlines()[-1]
    assert said.splitlines()[-1].startswith("playbach daemon: ")
    assert "Traceback" not in said


def test_the_journal_hears_of_a_mistake_as_an_error(tmp_path: Path) -> None:
    config, journal = tmp_path / "config.toml", tmp_path / "journal"
    config.write_text("[music]\ntempo = 9\nkeey = 'd'\n")
    with journal.open("wb") as stream:
        target = os.fstat(stream.fileno())
        done = subprocess.run(
            (sys.executable, "-m", "playbach", "daemon", "--config", str(config)),
            env={**os.environ, "JOURNAL_STREAM": f"{target.st_dev}:{target.st_ino}"},
            stderr=stream, timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    first, second = journal.read_text().splitlines()
    assert first.startswith(f"<3>{config}:2: tempo 9")
    assert second.startswith(f"<3>{config}:3: [music] has no key")


def test_a_service_that_hangs_and_is_aborted_says_where(tmp_path: Path) -> None:
    fault = "print('hangs', file=sys.stderr, flush=True); time.sleep(1000)"
    program = breaking(PlaybackEngine.place, fault)
    with service(tmp_path, program=program) as daemon:
        assert daemon.process.stderr is not None
        # Over when it hangs, or when it has ended and will never say so.
        assert "hangs\n" in iter(daemon.process.stderr.readline, "")
        daemon.process.send_signal(signal.SIGABRT)
        status, said = daemon.ended()
    assert status == -signal.SIGABRT
    assert "in place\n" in said


def test_a_library_that_hangs_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    hanging = breaking(Nowhere.close, "time.sleep(1000)")
    program = f"import playbach.daemon.service as s\ns.LONGEST_STOP = 1.0\n{hanging}"
    with service(tmp_path, program=program) as daemon:
        daemon.until("READY=1")
        status, said = daemon.stop()
    assert status == 1
    assert "in close\n" in said


BREAKABLE: dict[str, Callable[..., object]] = {
    "composing": Composer.__next__,
    "handing over": PlaybackEngine.run,
    "sending": Nowhere.write,
}


@pytest.mark.parametrize("where", BREAKABLE)
def test_whichever_thread_dies_the_service_ends_with_its_reason(tmp_path: Path, where: str) -> None:
    with service(
        tmp_path, program=breaking(BREAKABLE[where], "raise ZeroDivisionError('a bug')")
    ) as daemon:
        status, said = daemon.ended()
    assert status == 1
    assert "died: ZeroDivisionError('a bug')" in said


def test_a_player_that_plays_feeds_the_watchdog(tmp_path: Path) -> None:
    with service(tmp_path, watchdog=2.0) as daemon:
        for _ in range(4):
            daemon.until("WATCHDOG=1")
        assert daemon.stop()[0] == 0


def test_a_player_that_freezes_is_not_said_to_be_alive(tmp_path: Path) -> None:
    """The thread that hands over stops inside a call; all others, the main one too, go on."""
    fault = "time.sleep(1000)"
    program = breaking(PlaybackEngine.place, fault)
    with service(tmp_path, program=program, watchdog=2.0) as daemon:
        daemon.until("READY=1")
        assert daemon.falls_silent("WATCHDOG=1", 6.0)
        assert daemon.process.poll() is None


def test_a_synth_of_its_own_that_finds_no_sound_card_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As at a boot in which the service is faster than the card."""
    program, font = tmp_path / "fluidsynth", tmp_path / "font.sf2"
    program.write_text(
        "#!/bin/sh\necho 'Failed to create the audio driver. Giving up.' >&2\nexit 255\n"
    )
    program.chmod(0o755)
    font.touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("SOUNDFONT", str(font))
    (tmp_path / "config.toml").write_text(CONFIG.replace('"none"', '"fluidsynth"'))
    with service(tmp_path) as daemon:
        daemon.until("READY=1")
        daemon.until("STATUS=waiting for the synth")
        status, said = daemon.stop()
    assert status == 0
    assert "warning: waiting for fluidsynth with font.sf2" in said


def test_without_a_synth_a_service_waits_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    monkeypatch.setenv("PATH", "")
    assert patient_sink(Settings(sink="none")).name == "none"
    assert patient_sink(Settings()).name in {"alsa", "jack", "midi"}
    assert patient_sink(Settings(port="a synth that is not here")).name in {"alsa", "jack", "midi"}
    with pytest.raises(InputError, match="a service never ends"):
        patient_sink(Settings(sink="file", port="x.mid"))
