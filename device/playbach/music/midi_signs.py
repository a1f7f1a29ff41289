"""What the meta events of a MIDI file say: key, meter, form, pickup and title."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from playbach.errors import MidiFileError
from playbach.music import smf
from playbach.music.form import FORM_INDEX, FORMS, OTHER, Form, form_in_title
from playbach.music.key import PITCH_CLASSES, Key, Mode
from playbach.music.meter import COMMON_TIME, MAX_BEATS, UNITS, Meter
from playbach.music.note import Ticks

MAX_TITLE = 120
MAX_SHARPS = 7
_METER = smf.TIME_SIGNATURE
_KEY = smf.KEY_SIGNATURE
_LARGEST_POWER = len(UNITS) - 1
_MAX_ABOUT = 80
_ABOUT = re.compile(r"playbach form=([a-z]{1,20}) pickup=([0-9]{1,4})")

T = TypeVar("T")
Meters = tuple[tuple[Ticks, Meter], ...]
Keys = tuple[tuple[Ticks, Key], ...]


@dataclass(frozen=True, slots=True)
class Signs:
    """What a file says about its music.

    Attributes:
        keys: changes of key, empty if the file has no key signature.
        meters: changes of meter; the first is at tick 0.
        form: the form we wrote into the file, or else the one in the title or file name.
        pickup: ticks before the first bar line, None if the file does not say.
        title: text of one line.
        is_ours: whether we wrote the file, so that what it says is exact.
    """

    keys: Keys
    meters: Meters
    form: Form
    pickup: Ticks | None
    title: str
    is_ours: bool


def read_signs(midi: smf.MidiData, name: str) -> Signs:
    """Collect the signs of all tracks; ``name`` (of the file) serves where there is no title.

    Raises:
        MidiFileError: a time signature is not one that can be played.
    """
    events = sorted(
        (event for track in midi.tracks for event in track if event.status == smf.META),
        key=lambda event: event.tick,
    )
    meters = _changes((midi.on_grid(e.tick), _meter(e)) for e in _of_kind(events, _METER))
    if not meters or meters[0][0] > 0:
        # What a MIDI file is in before its first time signature.
        meters = ((Ticks(0), COMMON_TIME), *meters)
    keys = _changes((midi.on_grid(e.tick), k) for e in _of_kind(events, _KEY) if (k := _key(e)))
    keys = ((Ticks(0), keys[0][1]), *keys[1:]) if keys else ()
    track_name = next(filter(None, map(_one_line_of, _of_kind(events, smf.TRACK_NAME))), "")
    about = _about(events)
    if about and about[1] < _without_short_bar(meters, about[1])[0][1].bar_ticks:
        form, pickup = about
        return Signs(
            keys, _without_short_bar(meters, pickup), form, pickup, track_name, is_ours=True
        )
    return _described_by_names(keys, meters, track_name, name)


def _described_by_names(keys: Keys, meters: Meters, track_name: str, name: str) -> Signs:
    """The signs of a file that another program wrote."""
    title = track_name if form_in_title(track_name) is not OTHER else one_line(name)
    pickup = _short_first_bar(meters)
    meters = _without_short_bar(meters, pickup)
    return Signs(keys, meters, form_in_title(title), pickup, title, is_ours=False)


def one_line(words: str) -> str:
    """``words`` as printable text of one line, at most ``MAX_TITLE`` characters."""
    printable = "".join(char if char.isprintable() else " " for char in words)
    return " ".join(printable.split())[:MAX_TITLE].rstrip()


def _of_kind(events: Iterable[smf.Event], kind: int) -> Iterator[smf.Event]:
    return (event for event in events if event.kind == kind)


def _one_line_of(event: smf.Event) -> str:
    return one_line(smf.words(event.payload))


def _changes(values: Iterable[tuple[int, T]]) -> tuple[tuple[Ticks, T], ...]:
    """One value a tick, the last given, and only where it is another than before."""
    last_at = {Ticks(tick): value for tick, value in values}
    changes: list[tuple[Ticks, T]] = []
    for tick, value in last_at.items():
        if not changes or changes[-1][1] != value:
            changes.append((tick, value))
    return tuple(changes)


def _meter(event: smf.Event) -> Meter:
    count, power = (*event.payload, 0, 0)[:2]
    if not 1 <= count <= MAX_BEATS or power > _LARGEST_POWER:
        raise MidiFileError(
            f"time signature {count}/2^{power} at tick {event.tick}: the upper number is 1 to "
            f"{MAX_BEATS}, the lower one of {', '.join(map(str, UNITS))}"
        )
    return Meter(count, 2**power)


def _key(event: smf.Event) -> Key | None:
    """The key; none if the signature makes no sense, as some programs write it."""
    if len(event.payload) != 2 or event.payload[1] > 1:  # noqa: PLR2004 two bytes by the format
        return None
    sharps = int.from_bytes(event.payload[:1], signed=True)
    minor = event.payload[1] == 1
    if abs(sharps) > MAX_SHARPS:
        return None
    # Each sharp lifts the tonic a fifth; a minor tonic is a sixth above its relative major.
    tonic = (7 * sharps + (9 if minor else 0)) % PITCH_CLASSES
    return Key(tonic, Mode.MINOR if minor else Mode.MAJOR)


def _about(events: Iterable[smf.Event]) -> tuple[Form, Ticks] | None:
    """Form and pickup as our own text event at the start says them."""
    for event in _of_kind(events, smf.TEXT):
        found = _ABOUT.fullmatch(smf.words(event.payload[:_MAX_ABOUT]))
        if event.tick == 0 and found:
            row = FORM_INDEX.get(found[1])
            return (OTHER if row is None else FORMS[row]), Ticks(int(found[2]))
    return None


def _short_first_bar(meters: Meters) -> Ticks | None:
    """The pickup as notation programs export it: a first bar of a shorter meter of its own."""
    if len(meters) > 1 and meters[1][0] == meters[0][1].bar_ticks < meters[1][1].bar_ticks:
        return meters[1][0]
    return None


def _without_short_bar(meters: Meters, pickup: Ticks | None) -> Meters:
    """The meters without the one that only says how long the pickup is."""
    if pickup and len(meters) > 1 and meters[1][0] == meters[0][1].bar_ticks == pickup:
        return ((Ticks(0), meters[1][1]), *meters[2:])
    return meters
