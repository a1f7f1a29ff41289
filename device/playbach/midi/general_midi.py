"""General MIDI's instruments, by number and family (General MIDI System Level 1, 1991)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from playbach.errors import InputError
from playbach.schema import nearest, shown


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument of General MIDI."""

    program: Annotated[int, "0 to 127, as it is sent"]
    name: Annotated[str, "of the instrument"]
    family: Annotated[str, "of eight instruments each"]


_FAMILIES = {
    "Piano": (
        "Acoustic Grand Piano, Bright Acoustic Piano, Electric Grand Piano, Honky-tonk Piano,"
        " Electric Piano 1, Electric Piano 2, Harpsichord, Clavinet"
    ),
    "Chromatic percussion": (
        "Celesta, Glockenspiel, Music Box, Vibraphone, Marimba, Xylophone, Tubular Bells, Dulcimer"
    ),
    "Organ": (
        "Drawbar Organ, Percussive Organ, Rock Organ, Church Organ, Reed Organ, Accordion,"
        " Harmonica, Tango Accordion"
    ),
    "Guitar": (
        "Nylon Guitar, Steel Guitar, Jazz Guitar, Clean Electric Guitar,"
        " Muted Electric Guitar, Overdriven Guitar, Distortion Guitar, Guitar Harmonics"
    ),
    "Bass": (
        "Acoustic Bass, Fingered Electric Bass, Picked Electric Bass, Fretless Bass,"
        " Slap Bass 1, Slap Bass 2, Synth Bass 1, Synth Bass 2"
    ),
    "Strings": (
        "Violin, Viola, Cello, Contrabass, Tremolo Strings, Pizzicato Strings,"
        " Orchestral Harp, Timpani"
    ),
    "Ensemble": (
        "String Ensemble 1, String Ensemble 2, Synth Strings 1, Synth Strings 2,"
        " Choir Aahs, Voice Oohs, Synth Voice, Orchestra Hit"
    ),
    "Brass": (
        "Trumpet, Trombone, Tuba, Muted Trumpet, French Horn, Brass Section, Synth Brass 1,"
        " Synth Brass 2"
    ),
    "Reed": (
        "Soprano Sax, Alto Sax, Tenor Sax, Baritone Sax, Oboe, English Horn, Bassoon, Clarinet"
    ),
    "Pipe": "Piccolo, Flute, Recorder, Pan Flute, Blown Bottle, Shakuhachi, Whistle, Ocarina",
    "Synth lead": (
        "Square Lead, Sawtooth Lead, Calliope Lead, Chiff Lead, Charang Lead,"
        " Voice Lead, Fifths Lead, Bass and Lead"
    ),
    "Synth pad": (
        "New Age Pad, Warm Pad, Polysynth Pad, Choir Pad, Bowed Pad, Metallic Pad,"
        " Halo Pad, Sweep Pad"
    ),
    "Synth effects": "Rain, Soundtrack, Crystal, Atmosphere, Brightness, Goblins, Echoes, Sci-fi",
    "Ethnic": "Sitar, Banjo, Shamisen, Koto, Kalimba, Bagpipe, Fiddle, Shanai",
    "Percussive": (
        "Tinkle Bell, Agogo, Steel Drums, Woodblock, Taiko Drum, Melodic Tom,"
        " Synth Drum, Reverse Cymbal"
    ),
    "Sound effects": (
        "Guitar Fret Noise, Breath Noise, Seashore, Bird Tweet, Telephone Ring,"
        " Helicopter, Applause, Gunshot"
    ),
}

INSTRUMENTS = tuple(
    Instrument(8 * index + place, name, family)
    for index, (family, names) in enumerate(_FAMILIES.items())
    for place, name in enumerate(names.split(", "))
)
"""All 128, in order of their numbers."""


def find_instrument(text: str) -> Instrument:
    """The instrument of that name, or the only one whose name has these words, or these letters.

    Raises:
        InputError: there is none, or there are several.
    """
    wanted = _words(text)
    named = {_words(one.name): one for one in INSTRUMENTS}
    found = [one for words, one in named.items() if words == wanted]
    found = found or [one for words, one in named.items() if {*wanted} <= {*words}]
    found = found or [one for words, one in named.items() if " ".join(wanted) in " ".join(words)]
    if len(found) == 1:
        return found[0]
    if wanted and found:
        names = ", ".join(one.name for one in found)
        raise InputError(f"program {shown(text)}: it may be {names}; write more of the name")
    hint = nearest(text, [one.name.lower() for one in INSTRUMENTS])
    raise InputError(
        f"program {shown(text)}: there is no such instrument{hint}; write 0 to "
        "127, or a name of General MIDI, such as cello or church organ"
    )


def _words(name: str) -> tuple[str, ...]:
    return tuple(name.lower().replace("-", " ").split())
