"""What the main thread of the service does about signals, deaths, reloads and signs of life.

The music is a stand-in that can fail and freeze on demand; ``test_service.py`` has the real one.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from playbach.config import Config, load_config
from playbach.daemon.notify import Notifier
from playbach.daemon.state import NAME, Overrides
from playbach.daemon.supervisor import FAILED, Death, EventQueue, Supervisor, status_line
from playbach.errors import OutputError
from playbach.music.form import parse_form
from playbach.music.key import parse_key
from playbach.music.meter import Meter
from playbach.schema import changed
from playbach.session.session import Session
from playbach.session.settings import Settings
from playbach.session.status import SessionStatus
from playbach.signals import Asked
from playbach.status import Status
from playbach.stream import Movement

PATIENCE = 20.0
SUITE = Movement(2, 4, parse_form("sarabande"), parse_key("d"), Meter(3, 4), 60.0)


@dataclass
class Music:
    """Plays nothing, and does what a session would say it does."""

    settings: Settings
    name: str = "music"
    error: BaseException | None = None
    frozen: bool = False
    problems: dict[str, str] = field(default_factory=dict)
    connected: bool = True
    count: int = 0
    changes: list[dict[str, object]] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)
    held: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.held.set()

    def start(self) -> None: ...

    def stop(self) -> None: ...

    @property
    def turns(self) -> int:
        self.count += not self.frozen
        return self.count

    def status(self) -> SessionStatus:
        playing = Status(movement=SUITE, bar=12, notes=3412)
        return SessionStatus(
            playing=playing,
            settings=self.settings,
            sink="MIDI port Synth",
            connected=self.connected,
            problems=tuple(filter(None, self.problems.values())),
        )

    def report(self, subject: str, problem: str) -> None:
        self.problems = {**self.problems, subject: problem}

    def change(self, wanted: Mapping[str, object]) -> None:
        self.asked.set()
        assert self.held.wait(PATIENCE)
        self.changes.append(dict(wanted))
        self.settings = changed(self.settings, wanted)


@dataclass
class Scene:
    """A supervisor that runs in a thread, and all that is around it."""

    folder: Path
    manager: socket.socket
    watchdog: float | None = None
    events: EventQueue = field(default_factory=EventQueue)
    heard: list[str] = field(default_factory=list)
    status: int | None = None
    raised: BaseException | None = None

    def __post_init__(self) -> None:
        self.config = self.folder / "config.toml"
        self.config.write_text("[music]\ntempo = 80\n")
        loaded = load_config(self.config)
        self.music = Music(loaded.config.settings)
        self.overrides = Overrides(self.folder / "state")
        self.supervisor = Supervisor(
            loaded,
            cast("Session", self.music),
            [self.music],
            overrides=self.overrides,
            notifier=Notifier(str(self.folder / "notify"), self.watchdog),
            events=self.events,
        )
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            self.status = self.supervisor.run()
        except OutputError as error:
            self.raised = error

    def until(self, word: str, after: int = 0) -> int:
        """Wait until the manager hears something that begins so; the number of the datagram."""
        while True:
            for index in range(after, len(self.heard)):
                if self.heard[index].startswith(word):
                    return index
            self.heard.append(self.manager.recv(1000).decode())

    def falls_silent(self) -> bool:
        """Whether, after what is on its way, nothing more comes for two seconds."""
        self.manager.settimeout(2.0)
        try:
            for _ in range(20):
                self.heard.append(self.manager.recv(1000).decode())
        except TimeoutError:
            return True
        finally:
            self.manager.settimeout(PATIENCE)
        return False

    def end(self) -> int | None:
        self.events.put(Asked.STOP)
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        return self.status


@pytest.fixture
def begin(tmp_path: Path, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Scene]]:  # fmt: skip
    monkeypatch.setattr(logging.getLogger("playbach"), "propagate", True)
    monkeypatch.setattr("playbach.daemon.supervisor.set_up_logging", logging.debug)
    caplog.set_level("INFO", "playbach")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE)
        scenes: list[Scene] = []

        def begin(watchdog: float | None = None) -> Scene:
            scenes.append(Scene(tmp_path, manager, watchdog))
            scenes[0].thread.start()
            return scenes[0]

        yield begin
        scenes[0].end()


Begin = Callable[..., Scene]


def test_the_manager_hears_that_it_plays_and_what(begin: Begin) -> None:
    scene = begin()
    scene.until("READY=1")
    line = scene.heard[scene.until("STATUS=")]
    assert line == (
        "STATUS=Suite 2 in D minor, IV Sarabande, bar 12; 3,412 notes; on MIDI port Synth"
    )
    assert scene.end() == 0


def test_a_title_is_logged_once(begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
    scene = begin()
    scene.until("STATUS=")
    scene.end()
    assert caplog.messages == ["playing to MIDI port Synth", "Suite 2 in D minor, IV Sarabande"]


def test_the_journal_says_what_becomes_of_the_synth(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    scene = begin()
    scene.until("STATUS=")
    for connected, last in ((False, "lost"), (True, "found")):
        scene.music.connected = connected
        for _ in range(200):
            if last in caplog.text:
                break
            scene.thread.join(0.1)
    scene.end()
    said = [(r.levelname, r.message) for r in caplog.records if "MIDI port" in r.message]
    assert said == [
        ("INFO", "playing to MIDI port Synth"),
        ("WARNING", "lost: waiting for MIDI port Synth"),
        ("INFO", "found, and playing to MIDI port Synth"),
    ]


def test_a_reload_changes_only_what_was_edited(begin: Begin) -> None:
    scene = begin()
    scene.until("READY=1")
    scene.music.change({"transpose": 5})
    scene.config.write_text("[music]\ntempo = 80\nkey = 'd'\n")
    scene.events.put(Asked.RELOAD)
    begun = scene.until("RELOADING=1\nMONOTONIC_USEC=")
    scene.until("READY=1", after=begun)
    assert scene.music.changes[1:] == [{"key": "D minor"}]
    assert scene.music.settings == Settings(tempo=80.0, key="D minor", transpose=5)


def test_a_broken_configuration_is_reported_and_the_old_one_goes_on(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    scene = begin()
    scene.until("READY=1")
    scene.config.write_text("[music]\ntempo = 9\nkeey = 'd'\n")
    scene.events.put(Asked.RELOAD)
    begun = scene.until("RELOADING=1")
    scene.until("READY=1", after=begun)
    assert scene.music.changes == []
    errors = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert [line.split(": ")[0].split(":")[-1] for line in errors[:2]] == ["2", "3"]
    assert errors[2] == "the configuration stays as it was"
    assert scene.end() == 0


def test_a_reload_that_takes_long_leaves_the_service_alive_and_the_next_waits_for_it(
    begin: Begin,
) -> None:
    scene = begin(watchdog=0.4)
    scene.until("READY=1")
    scene.music.held.clear()
    scene.config.write_text("[music]\ntempo = 80\nkey = 'd'\n")
    scene.events.put(Asked.RELOAD)
    begun = scene.until("RELOADING=1")
    assert scene.music.asked.wait(PATIENCE)
    scene.config.write_text("[music]\ntempo = 70\nkey = 'd'\n")
    scene.events.put(Asked.RELOAD)
    for _ in range(5):
        scene.until("WATCHDOG=1", after=len(scene.heard))
    scene.music.held.set()
    again = scene.until("RELOADING=1", after=scene.until("READY=1", after=begun))
    scene.until("READY=1", after=again)
    assert scene.music.changes == [{"key": "D minor"}, {"tempo": 70.0}]


def test_what_a_reload_cannot_change_is_said(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    scene = begin()
    scene.until("READY=1")
    scene.config.write_text("[recording]\nmegabytes = 7\n[service]\nlog_level = 'debug'\n")
    scene.events.put(Asked.RELOAD)
    scene.until("READY=1", after=scene.until("RELOADING=1"))
    scene.end()
    said = [message for message in caplog.messages if "next start" in message]
    assert said == ["[recording] megabytes takes effect at the next start"]


def test_changes_are_kept_while_it_plays(begin: Begin) -> None:
    scene = begin()
    scene.until("READY=1")
    scene.music.change({"tempo": 120.0})
    path = scene.folder / "state" / NAME
    for _ in range(200):
        if path.exists():
            break
        scene.thread.join(0.1)
    assert Overrides(path.parent).load(Config().settings) == Settings()
    configured = replace(Settings(), tempo=80.0)
    assert Overrides(path.parent).load(configured).tempo == 120.0


def test_a_change_just_before_the_end_is_kept(begin: Begin) -> None:
    scene = begin()
    scene.end()
    scene.music.change({"tempo": 120.0})
    scene.supervisor.finish()
    assert Overrides(scene.folder / "state").load(Settings(tempo=80.0)).tempo == 120.0


def test_a_frozen_player_is_not_said_to_be_alive(begin: Begin) -> None:
    scene = begin(watchdog=0.4)
    scene.until("WATCHDOG=1", after=scene.until("WATCHDOG=1") + 1)
    scene.music.frozen = True
    assert scene.falls_silent()
    assert scene.thread.is_alive()
    scene.music.frozen = False
    scene.until("WATCHDOG=1", after=len(scene.heard))


def test_a_thread_that_dies_ends_the_service_with_its_reason(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    scene = begin()
    scene.until("READY=1")
    scene.events.put(Death("playbach-compose", ZeroDivisionError("a bug")))
    scene.thread.join(PATIENCE)
    assert scene.status == FAILED
    assert "playbach-compose died: ZeroDivisionError('a bug')" in caplog.text


def test_what_a_user_can_mend_is_raised_as_such(begin: Begin) -> None:
    scene = begin()
    scene.until("READY=1")
    scene.music.error = OutputError("the disk is full")
    scene.thread.join(PATIENCE)
    assert scene.raised is scene.music.error


def test_a_problem_is_logged_once_and_when_it_is_over(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    scene = begin()
    scene.until("READY=1")
    scene.music.report("disk", "the disk is full")
    scene.music.report("model", "model: x.bundle: damaged")
    scene.until("READY=1", after=_reloaded(scene))
    scene.until("READY=1", after=_reloaded(scene))
    scene.music.report("model", "")
    scene.until("READY=1", after=_reloaded(scene))
    scene.end()
    assert caplog.messages.count("model: x.bundle: damaged") == 1
    assert caplog.messages.count("the disk is full") == 1
    assert caplog.messages.count("no longer so: model: x.bundle: damaged") == 1


def _reloaded(scene: Scene) -> int:
    scene.events.put(Asked.RELOAD)
    return scene.until("RELOADING=1", after=len(scene.heard))


def test_a_status_line_says_why_there_is_no_music() -> None:
    assert status_line(SessionStatus()) == "starting"
    resting = SessionStatus(playing=Status(movement=SUITE, resting="waiting for the synth"))
    assert status_line(resting) == "waiting for the synth; Suite 2 in D minor, IV Sarabande"
