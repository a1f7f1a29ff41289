"""The library of fluidsynth by ctypes: a synth that begins each note on its very sample.

The library computes in blocks of 64 samples, and a note begins with the next of them. So there are
several synths with one sound font, each with blocks of its own: a note goes to one that is silent,
whose blocks are moved so that one of them begins with the note. Reverb and chorus come from one
synth more, whose own notes are not heard.
"""

from __future__ import annotations

import array
import ctypes
import ctypes.util
import functools
from ctypes import POINTER, c_char_p, c_double, c_float, c_int, c_void_p
from operator import add
from pathlib import Path
from typing import Any

from playbach.errors import PortError
from playbach.midi.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL_CHANGE,
    NOTE_OFF,
    NOTE_ON,
    PROGRAM_CHANGE,
)
from playbach.sound.options import SoundOptions

BLOCK = 128
"""Samples that are rendered at once; what is played is exact to the sample all the same."""
INSTALL = "apt install fluidsynth timgm6mb-soundfont"
_GRAIN = 64
"""Samples that the library computes at once, FLUID_BUFSIZE in its source."""
_UNITS = 8
"""Synths that notes go to in turn; with more onsets sounding, one may be up to 64 samples late."""
_ECHO = 10.0
"""Seconds after the last note in which reverb and chorus have come to an end."""
_NAMES = ("libfluidsynth.so.3", "libfluidsynth.so.2", "libfluidsynth.3.dylib")
_FAILED = -1
_SILENT_LEVELS = range(4)
"""Of the library's own messages on standard error: panic, error, warning, information."""
_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "fluid_set_log_function": (c_int, c_void_p, c_void_p),
    "new_fluid_settings": (),
    "delete_fluid_settings": (c_void_p,),
    "fluid_settings_setint": (c_void_p, c_char_p, c_int),
    "fluid_settings_setnum": (c_void_p, c_char_p, c_double),
    "new_fluid_synth": (c_void_p,),
    "delete_fluid_synth": (c_void_p,),
    "fluid_synth_sfload": (c_void_p, c_char_p, c_int),
    "fluid_synth_get_sfont_by_id": (c_void_p, c_int),
    "fluid_synth_add_sfont": (c_void_p, c_void_p),
    "fluid_synth_remove_sfont": (c_void_p, c_void_p),
    "fluid_synth_get_active_voice_count": (c_void_p,),
    "fluid_synth_noteon": (c_void_p, c_int, c_int, c_int),
    "fluid_synth_noteoff": (c_void_p, c_int, c_int),
    "fluid_synth_cc": (c_void_p, c_int, c_int, c_int),
    "fluid_synth_program_change": (c_void_p, c_int, c_int),
    "fluid_synth_process": (c_void_p, c_int, c_int, c_void_p, c_int, c_void_p),
}


@functools.cache
def library() -> Any:
    """The library, silent on standard error.

    Raises:
        PortError: it is not installed, or older than version 2.
    """
    for name in _NAMES:
        try:
            found = ctypes.CDLL(name)
            break
        except OSError:
            continue
    else:
        path = ctypes.util.find_library("fluidsynth")
        if path is None:
            raise PortError(f"libfluidsynth is not installed; {INSTALL}")
        found = ctypes.CDLL(path)
    for name, arguments in _ARGUMENTS.items():
        function = getattr(found, name, None)
        if function is None:
            raise PortError(f"libfluidsynth is too old, it lacks {name}; {INSTALL}")
        function.argtypes = arguments
        makes = name.startswith("new_") or name.endswith("sfont_by_id")
        function.restype = c_void_p if makes else c_int
    for level in _SILENT_LEVELS:
        found.fluid_set_log_function(level, None, None)
    return found


class Block:
    """Two channels of ``BLOCK`` samples each, which C code adds to."""

    def __init__(self) -> None:
        zeros = bytes(4 * BLOCK)
        self.left, self.right = array.array("f", zeros), array.array("f", zeros)
        self._nothing = memoryview(zeros).cast("f")
        self.views = memoryview(self.left), memoryview(self.right)
        self._addresses = self.left.buffer_info()[0], self.right.buffer_info()[0]
        # Twice, for the reverb and the chorus of one synth.
        self._pointers = (POINTER(c_float) * 4)()
        self._slots = (c_void_p * 4).from_buffer(self._pointers)

    @property
    def peak(self) -> float:
        """The greatest sample, without its sign."""
        return max(max(self.left), -min(self.left), max(self.right), -min(self.right))  # noqa: PLW3301 flattened, it would copy them

    def clear(self) -> None:
        """Silence."""
        for view in self.views:
            view[:] = self._nothing

    def copy(self, other: Block) -> None:
        """Become as another."""
        for view, samples in zip(self.views, other.views, strict=True):
            view[:] = samples

    def add(self, other: Block) -> None:
        """Add another, sample by sample."""
        for view, samples in zip(self.views, other.views, strict=True):
            view[:] = array.array("f", map(add, view, samples))

    def at(self, offset: int) -> Any:
        """What C code takes as four buffers: left, right, left, right from a sample on."""
        left, right = self._addresses
        slots = self._slots
        slots[0] = slots[2] = left + 4 * offset
        slots[1] = slots[3] = right + 4 * offset
        return self._pointers


class _Unit:
    """One synth of the library."""

    def __init__(self, rate: int, options: SoundOptions, *, wet: bool) -> None:
        self._library = library()
        self._settings = self._library.new_fluid_settings()
        whole = {
            "synth.dynamic-sample-loading": 1,  # load the cello, not all 128 instruments
            "synth.polyphony": 16,  # of each unit, which has the notes of few onsets
            "synth.threadsafe-api": 0,  # one thread at a time calls it
            "synth.lock-memory": 0,
            "synth.reverb.active": int(wet and options.reverb > 0),
            "synth.chorus.active": int(wet and options.chorus > 0),
        }
        numbers = {
            "synth.sample-rate": float(rate),
            "synth.gain": options.gain,
            "synth.reverb.level": options.reverb,
            "synth.chorus.level": options.chorus,
        }
        for key, value in whole.items():
            self._library.fluid_settings_setint(self._settings, key.encode(), value)
        for key, number in numbers.items():
            self._library.fluid_settings_setnum(self._settings, key.encode(), number)
        self.synth = self._library.new_fluid_synth(self._settings)
        self._process = self._library.fluid_synth_process
        self._voices = self._library.fluid_synth_get_active_voice_count
        self._wet = wet
        self._lasting = int(_ECHO * rate) if wet else _GRAIN
        self._quiet = self._lasting
        self._phase = 0
        self._scratch = Block()

    @property
    def idle(self) -> bool:
        """Whether it has come to silence, the last of it was rendered, and no note has begun."""
        return self._quiet >= self._lasting

    @property
    def voices(self) -> int:
        """How many sound."""
        count: int = self._voices(self.synth)
        return count

    def begin(self) -> None:
        """A note is to begin with the next sample, if it was idle."""
        if self.idle and self._phase:
            self._compute(_GRAIN - self._phase, self._scratch, 0)
        self._quiet = 0

    def render(self, frames: int, block: Block, offset: int) -> None:
        """Add the next ``frames`` samples, at most ``BLOCK``, to a block from ``offset`` on."""
        if self.idle:
            return
        self._compute(frames, block, offset)
        self._quiet = 0 if self.voices else self._quiet + frames

    def close(self) -> None:
        """Free it; its sound font must have been taken from it, but for one unit."""
        self._library.delete_fluid_synth(self.synth)
        self._library.delete_fluid_settings(self._settings)

    def _compute(self, frames: int, block: Block, offset: int) -> None:
        pointers = block.at(offset)
        if self._wet:
            # Without buffers for what is dry, the library leaves that out.
            self._process(self.synth, frames, 4, pointers, 0, None)
        else:
            self._process(self.synth, frames, 0, None, 2, pointers)
        self._phase = (self._phase + frames) % _GRAIN


def _give_back() -> None:
    """Return to the system what loading a sound font took for a moment, where that can be asked."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class Synth:
    """Renders what it hears, sample by sample. Used by one thread at a time."""

    def __init__(self, rate: int, font: Path, options: SoundOptions) -> None:
        """Load the sound font.

        Args:
            rate: samples per second.
            font: a .sf2 or .sf3 file.
            options: gain, reverb and chorus are of interest here.

        Raises:
            PortError: the library is missing, or does not take the sound font.
        """
        self._library = library()
        has_wet = options.reverb > 0 or options.chorus > 0
        self._units = [_Unit(rate, options, wet=False) for _ in range(_UNITS)]
        self._wet = [_Unit(rate, options, wet=True)] if has_wet else []
        self._all = [*self._units, *self._wet]
        self._frame = 0
        self._latest: tuple[int, _Unit] | None = None
        self._playing: dict[tuple[int, int], _Unit] = {}
        self._programs: dict[int, int] = {}
        first, *others = self._all
        name = str(font).encode(errors="surrogateescape")
        number = self._library.fluid_synth_sfload(first.synth, name, 1)
        if number == _FAILED:
            self._font = None
            self.close()
            raise PortError(
                f"{font}: this is not a sound font that libfluidsynth can load; name "
                "another .sf2 or .sf3 file"
            )
        self._font = self._library.fluid_synth_get_sfont_by_id(first.synth, number)
        for unit in others:
            self._library.fluid_synth_add_sfont(unit.synth, self._font)
        _give_back()

    def hear(self, data: bytes) -> None:
        """A MIDI message at the present sample; system messages mean nothing here."""
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if kind == NOTE_ON and data[2]:
            self._note_on(channel, data[1], data[2])
        elif kind in {NOTE_ON, NOTE_OFF}:
            self._note_off(channel, data[1])
        elif kind == CONTROL_CHANGE:
            for unit in self._all:
                self._library.fluid_synth_cc(unit.synth, channel, data[1], data[2])
            if data[1] in {ALL_NOTES_OFF, ALL_SOUND_OFF}:
                self._playing = {
                    key: unit for key, unit in self._playing.items() if key[0] != channel
                }
        elif kind == PROGRAM_CHANGE and self._programs.get(channel) != data[1]:
            # Each movement says it again, and loading samples takes time.
            self._programs[channel] = data[1]
            for unit in self._all:
                self._library.fluid_synth_program_change(unit.synth, channel, data[1])

    def render(self, frames: int, dry: Block, wet: Block, offset: int) -> None:
        """Add the next ``frames`` samples, at most ``BLOCK``, to blocks from ``offset`` on.

        Args:
            frames: how many.
            dry: of the notes themselves.
            wet: of their reverb and chorus; may be the same.
            offset: where in the blocks.
        """
        for unit in self._units:
            unit.render(frames, dry, offset)
        for unit in self._wet:
            unit.render(frames, wet, offset)
        self._frame += frames

    @property
    def idle(self) -> bool:
        """Whether nothing sounds, nor any echo."""
        return all(unit.idle for unit in self._all)

    def close(self) -> None:
        """Free its memory."""
        units, self._all = self._all, []
        for unit in units[1:]:
            if self._font is not None:
                self._library.fluid_synth_remove_sfont(unit.synth, self._font)
            unit.close()
        for unit in units[:1]:
            unit.close()

    def _note_on(self, channel: int, pitch: int, velocity: int) -> None:
        self._note_off(channel, pitch)
        unit = self._playing[channel, pitch] = self._unit()
        for each in (unit, *self._wet):
            each.begin()
            self._library.fluid_synth_noteon(each.synth, channel, pitch, velocity)

    def _note_off(self, channel: int, pitch: int) -> None:
        unit = self._playing.pop((channel, pitch), None)
        if unit is not None:
            for each in (unit, *self._wet):
                self._library.fluid_synth_noteoff(each.synth, channel, pitch)

    def _unit(self) -> _Unit:
        """One whose blocks begin here, or can be made to; if all sound, the one with the least."""
        if self._latest is not None and self._latest[0] == self._frame:
            return self._latest[1]
        free = next((unit for unit in self._units if unit.idle), None)
        unit = free or min(self._units, key=lambda unit: unit.voices)
        self._latest = (self._frame, unit)
        return unit
