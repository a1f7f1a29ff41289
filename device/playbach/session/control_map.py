"""Hands on it: knobs, pedals and keys of a MIDI controller steer the session.

    tempo=cc 1, pause=cc 64, next_movement=note 60 on 2, form=program 5

A knob (``cc``, a control change) turns a number or chooses from a list; whatever is pressed (``cc``
from 64 up, a note, a program change) is a command, switches, or chooses the next of a list. A knob
takes hold of a number only where it stands (*soft takeover*), so that no value jumps. Notes and
programs count from 0, channels from 1, as the synths' own tables have them.
"""

from __future__ import annotations

import functools
import math
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playbach.errors import InputError, PlaybachError
from playbach.midi.messages import CONTROL_CHANGE, NOTE_OFF, NOTE_ON, PROGRAM_CHANGE, SYSTEM
from playbach.schema import Setting, Value, nearest
from playbach.sinks.midi_input import Received

MEANING = "such as tempo=cc 1, pause=cc 64, next_movement=note 60 on 2, panic=program 5"
MOST = 64
"""Controls that may be mapped."""
_KINDS = {CONTROL_CHANGE: "cc", NOTE_ON: "note", NOTE_OFF: "note", PROGRAM_CHANGE: "program"}
_ONE = re.compile(r"(\w{1,40})\s*=\s*(cc|note|program)\s+(\d{1,3})(?:\s+on\s+(\d{1,2}))?", re.ASCII)
_TOP = 127
_HALF = 64
"""From this value of a control change on it is pressed."""
_NEAR = 3
"""A knob so near to the value takes hold of it."""
_TOGETHER = 0.02
"""Seconds from one change to the next: of a knob that is turned the last value counts."""
_MOST_WAITING = 32
"""Commands that may wait; who presses faster is not heard."""


@dataclass(frozen=True, slots=True)
class Knob:
    """A control of a controller, whatever its form."""

    kind: str  # ``cc``, ``note`` or ``program``
    number: int  # 0 to 127
    channel: int | None = None  # 1 to 16, ``None`` for any

    def hears(self, other: Knob) -> bool:
        """Whether a message of ``other``, which has a channel, is one of this."""
        is_same = (self.kind, self.number) == (other.kind, other.number)
        return is_same and self.channel in {None, other.channel}

    def __str__(self) -> str:
        where = "" if self.channel is None else f" on {self.channel}"
        return f"{self.kind} {self.number}{where}"


def parse_controls(text: str, settings: Mapping[str, Setting], commands: frozenset[str]) -> str:
    """The one spelling of a text of controls.

    Args:
        text: pairs with commas.
        settings: those that can be turned.
        commands: names of what can be pressed.

    Raises:
        InputError: it names what is not there, or a control for what it cannot do.
    """
    pairs = [_pair(part.strip().lower(), settings, commands) for part in text.split(",")]
    names = [name for name, _ in pairs]
    if len(pairs) > MOST or len(set(names)) < len(names):
        raise InputError(f"controls: at most {MOST}, each setting and command once")
    return ", ".join(f"{name}={knob}" for name, knob in pairs)


@functools.lru_cache(maxsize=4)
def knobs_of(controls: str | None) -> Mapping[str, Knob]:
    """The controls that a text names which was checked, by setting or command."""
    matches = (_ONE.fullmatch(part.strip()) for part in (controls or "").split(","))
    return {found[1]: _knob(found) for found in matches if found}


def _pair(text: str, settings: Mapping[str, Setting], commands: frozenset[str]) -> tuple[str, Knob]:
    found = _ONE.fullmatch(text)
    if found is None:
        raise InputError(f"control {text[:60]!r}: it must be {MEANING}")
    name, knob = found[1], _knob(found)
    if knob.number > _TOP or knob.channel not in {None, *range(1, 17)}:
        raise InputError(f"control {text!r}: numbers are 0 to {_TOP}, channels 1 to 16")
    if name not in settings and name not in commands:
        known = [*settings, *commands]
        hint = nearest(name, known) or f"; there are {', '.join(known)}"
        raise InputError(f"control {name!r}: there is no such setting or command{hint}")
    is_number = name in settings and not settings[name].choices and settings[name].kind is not bool
    if is_number and knob.kind != "cc":
        raise InputError(f"control {text!r}: a number can only be turned, by a cc")
    return name, knob


def _knob(found: re.Match[str]) -> Knob:
    return Knob(found[2], int(found[3]), int(found[4]) if found[4] else None)


def touched(data: bytes) -> tuple[Knob, int] | None:
    """The control that a message is of, and its value, 0 to 127; ``None`` for other messages."""
    status = data[0] & 0xF0
    kind = _KINDS.get(status)
    if kind is None or data[0] >= SYSTEM:
        return None
    value = data[2] if status != PROGRAM_CHANGE else _TOP
    # A note that begins with velocity 0 ends.
    value = 0 if status == NOTE_OFF else value
    return Knob(kind, data[1], (data[0] & 0x0F) + 1), value


def position_of(setting: Setting, value: Value) -> float | None:
    """Where a knob that says so stands, 0 to 127; ``None`` if it says nothing."""
    if setting.choices:
        options = _options(setting)
        return (options.index(value) + 0.5) * (_TOP + 1) / len(options)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    low, high, at = _scaled(setting, value)
    return _TOP * (at - low) / (high - low)


def value_at(setting: Setting, position: int) -> Value:
    """What a knob says that stands at ``position``."""
    if setting.kind is bool:
        return position >= _HALF
    if setting.choices:
        options = _options(setting)
        return options[position * len(options) // (_TOP + 1)]
    low, high, _ = _scaled(setting, 1)
    at = low + (high - low) * position / _TOP
    number = math.exp(at) if setting.logarithmic else at
    assert setting.low is not None and setting.high is not None  # noqa: S101, PT018 for mypy
    number = min(max(number, setting.low), setting.high)
    return round(number) if setting.kind is int else number


def _options(setting: Setting) -> list[Value]:
    return [*([None] if setting.none_means else []), *setting.choices]


def _scaled(setting: Setting, value: float) -> tuple[float, float, float]:
    assert setting.low is not None and setting.high is not None  # noqa: S101, PT018 for mypy
    ends = setting.low, setting.high, value
    if not setting.logarithmic:
        return ends
    low, high, at = (math.log(max(end, 1e-9)) for end in ends)
    return low, high, at


class _Hold:
    """Whether a knob has hold of a setting."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._said: Value = None
        self._has = False

    def turn(self, setting: Setting, now: Value, heard: float | None, position: int) -> Value:
        """The new value, or ``now`` as long as the knob has not come to where it stands.

        Args:
            setting: that is turned.
            now: its value.
            heard: what holds while that is ``None``, if it is a number.
            position: of the knob.
        """
        if setting.kind is bool:
            return value_at(setting, position)
        at = position_of(setting, heard if now is None and not setting.choices else now)
        last, self._last = self._last, position
        if self._has and now != self._said:
            # Somebody else has changed it since.
            self._has = False
        if not self._has and at is not None:
            is_crossed = last is not None and (last - at) * (position - at) <= 0
            if not is_crossed and abs(position - at) > _NEAR:
                return now
        self._has = True
        self._said = value_at(setting, position)
        return self._said


class Controller:
    """Does what a controller's messages ask for, on a thread of its own."""

    def __init__(
        self,
        settings: Mapping[str, Setting],
        *,
        now: Callable[[], Mapping[str, Value]],
        heard: Callable[[str], float | None],
        change: Callable[[Mapping[str, Value]], object],
        command: Callable[[str], object],
        on_failure: Callable[[BaseException], object],
    ) -> None:
        """The thread runs from the first message on.

        Args:
            settings: those that can be turned.
            now: the values that hold, the text ``controls`` among them.
            heard: the number that holds for a setting while its value is ``None``.
            change: changes settings.
            command: does a command.
            on_failure: hears of a bug that ends the thread.
        """
        self._settings, self._now, self._heard = settings, now, heard
        self._change, self._command, self._on_failure = change, command, on_failure
        self._holds: dict[tuple[str, Knob], _Hold] = {}
        self._pressed: set[Knob] = set()
        self._wanted: dict[str, Value] = {}
        self._commands: list[str] = []
        self._lock = threading.Lock()
        self._news, self._ended = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self.touched: Knob | None = None
        """The control that was touched last, for who learns it."""
        self.touches = 0
        """How often one was."""

    def begin(self) -> Callable[[Received], object]:
        """What hears the messages of an input that is about to be opened."""
        self.forget()
        return self.hear

    def forget(self) -> None:
        """Nothing has hold of anything."""
        self._holds.clear()
        self._pressed.clear()

    def close(self) -> None:
        """Do nothing any more; may be called again."""
        self._ended.set()
        self._news.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def hear(self, message: Received) -> None:
        """A message has arrived; returns at once."""
        found = touched(message.data)
        if found is None:
            return
        knob, value = found
        was_pressed = knob in self._pressed
        is_pressed = value >= _HALF or (knob.kind != "cc" and value > 0)
        (self._pressed.add if is_pressed and knob.kind != "program" else self._pressed.discard)(
            knob
        )
        self.touched, self.touches = knob, self.touches + (value > 0)
        now = self._now()
        controls = now["controls"]
        for name, wanted in knobs_of(None if controls is None else str(controls)).items():
            if wanted.hears(knob):
                self._turn(name, knob, value, now, is_press=is_pressed and not was_pressed)
        if self._wanted or self._commands:
            self._go()

    def _turn(
        self, name: str, knob: Knob, position: int, now: Mapping[str, Value], *, is_press: bool
    ) -> None:
        setting = self._settings.get(name)
        with self._lock:
            if setting is None:
                if is_press and len(self._commands) < _MOST_WAITING:
                    self._commands.append(name)
                return
            value = self._wanted.get(name, now[name])
            if knob.kind == "cc":
                hold = self._holds.setdefault((name, knob), _Hold())
                new = hold.turn(setting, value, self._heard(name), position)
            elif not is_press:
                return
            elif setting.kind is bool:
                new = not value
            else:
                options = _options(setting)
                new = options[(options.index(value) + 1) % len(options)]
            if new != value:
                self._wanted[name] = new

    def _go(self) -> None:
        self._news.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="playbach-hands", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                self._news.wait()
                self._news.clear()
                self._act()
                self._ended.wait(_TOGETHER)
        except BaseException as error:  # noqa: BLE001 no thread dies alone: the session ends with it
            self._on_failure(error)

    def _act(self) -> None:
        with self._lock:
            wanted, self._wanted = dict(self._wanted), {}
            commands, self._commands = self._commands, []
        for name, value in wanted.items():
            try:
                self._change({name: value})
            except PlaybachError:
                # Velocity and accent together, for one: the knob is let go of.
                self.forget()
        for name in commands:
            self._command(name)
