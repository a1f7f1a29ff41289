"""What can be asked of the synths that run here; light, as the process that sends must be."""

from __future__ import annotations

from typing import NamedTuple

EFFECTS = ("pedal",)
"""Effects that are included."""


class SoundOptions(NamedTuple):
    """How a synth sounds that runs here."""

    soundfont: str | None = None  # a .sf2 or .sf3 file; ``None`` for $SOUNDFONT or the system's
    # A factor, 0 to 10. Louder than fluidsynth's own 0.2: there is only one instrument.
    gain: float = 0.8
    reverb: float = 0.2  # level of the room, 0 to 1
    chorus: float = 0.0  # level of the chorus, 0 to 10
    effect: str | None = None  # one of ``EFFECTS``, or a file; ``None`` for none


DEFAULT = SoundOptions()
