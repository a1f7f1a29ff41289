"""What the interface says, as values that JSON has.

The types here are what the description of the interface is derived from: each key has limits
where there are any, and beside them what it means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypedDict
from urllib.parse import quote

import playbach
from playbach.music.form import FORMS
from playbach.music.meter import TICKS_PER_QUARTER
from playbach.music.theme import Theme
from playbach.schema import TYPE_NAMES, Setting, TakesEffect, Value
from playbach.session.kept import KeptMovement
from playbach.session.model import ModelChoice
from playbach.session.played import PlayedMovement
from playbach.session.settings import GROUPS, TABLE, as_values
from playbach.session.status import Fate, Listed, NoteAhead, SessionStatus, Transport
from playbach.stream import Movement
from playbach.timing import Lateness
from playbach.web.schema import says

JSON = dict[str, Any]
"""A JSON object, as a dictionary."""
VERSION = "/api/v1"
MOST_FIRST = 9_999
"""Number of a bar."""
CONTENT_TYPES: Mapping[str, str] = {
    "mid": "audio/midi", "wav": "audio/wav", "musicxml": "application/vnd.recordare.musicxml+xml",
    "mxl": "application/vnd.recordare.musicxml", "pdf": "application/pdf", "png": "image/png",
    "svg": "image/svg+xml", "ly": "text/x-lilypond", "abc": "text/vnd.abc",
}  # fmt: skip
"""Of files, by suffix."""

Count = Annotated[int, says(minimum=0)]
Number = Annotated[int, says(minimum=1)]
Duration = Annotated[float, says(minimum=0)]
SettingValues = Annotated[dict[str, Value], says(ref="Settings")]


class MovementView(TypedDict):
    """A movement."""

    title: Annotated[str, "such as Suite 3 in D minor, IV Sarabande"]
    suite: Annotated[Number, "number of the suite since the start"]
    position: Annotated[Number, "place in the suite"]
    form: Annotated[str, says(enum=tuple(form.name for form in FORMS)), "kind of movement"]
    key: Annotated[str, "home key, such as D minor"]
    meter: Annotated[str, "such as 3/4"]
    seed: Annotated[Count, "of the music that it belongs to"]
    number: Annotated[Number, "of the movement, since the start of that music"]


class RegionView(TypedDict):
    """Bars in one key."""

    bar: Annotated[Number, "the first of them"]
    key: Annotated[str, "as it stands in titles, such as B♭ major"]


class PlanView(TypedDict):
    """What was planned of a movement before it was composed, repeats left out."""

    double_bar: Annotated[Count, "bars before the double bar, 0 if there is none"]
    keys: Annotated[list[RegionView], "where each key begins"]
    closes: Annotated[list[Number], "bars with which phrases close"]
    like: Annotated[
        list[Count], "for each bar the number of the earlier one that it is like, 0 for a new one"
    ]


class ListedView(TypedDict):
    """A movement of the suite that is heard."""

    movement: Annotated[MovementView, "what it is, or will be by what is wished now"]
    fate: Annotated[str, says(enum=tuple(one.value for one in Fate)), "what becomes of it"]
    link: Annotated[str, "by which it can be played again; put it after # of a page's address"]


class DifferencesView(TypedDict):
    """What a link leads to."""

    differences: Annotated[
        list[str], "why it may be other music than where the link was made; empty if it is the same"
    ]


class LatenessView(TypedDict):
    """How late messages left for the synth."""

    p50_ms: Annotated[float, "median of the last 1,000, in milliseconds"]
    p99_ms: Annotated[float, "99th percentile of the last 1,000, in milliseconds"]
    max_ms: Annotated[float, "the worst since the start, in milliseconds"]


class StatusView(TypedDict):
    """How things are."""

    version: Annotated[str, "of the program"]
    now: Annotated[float, "seconds since the start; times of notes are on the same clock"]
    transport: Annotated[
        str, says(enum=tuple(one.value for one in Transport)), "whether there is to be music"
    ]
    movement: Annotated[
        MovementView | None, "what is playing, or played last; null before the first"
    ]
    plan: Annotated[PlanView | None, "of that movement; null where nothing is planned"]
    bar: Annotated[Count, "of the movement, from 1; 0 in a pickup or before the first note"]
    tempo: Annotated[Duration, "felt beats per minute; 0 before the first note"]
    notes: Annotated[Count, "begun since the start"]
    resting: Annotated[str, "why nothing new sounds; empty while there is music"]
    rests: Annotated[Count, "times that the music rested because composing did not keep up"]
    rested: Annotated[Duration, "seconds that it rested for that reason"]
    lateness: Annotated[
        LatenessView | None, "null where it is not measured, or nothing was sent yet"
    ]
    listening: Annotated[str, "port at which playing is heard; empty for none"]
    theme: Annotated[str, "with which the next movement begins, in a line; empty for none"]
    sink: Annotated[str, "where it plays"]
    timing: Annotated[str, "how messages are kept on time there"]
    connected: Annotated[bool, "whether the synth is there, as far as can be told"]
    control: Annotated[str, "the controller that steers; empty if there is none"]
    control_connected: Annotated[bool, "whether its port is there"]
    touched: Annotated[str, "what of the controller was touched last, such as cc 1 on 1"]
    touches: Annotated[Count, "how often something of it was"]
    model: Annotated[str, "name of the network"]
    variant: Annotated[str, "of the network"]
    uptime: Annotated[Duration, "seconds since the start"]
    problem: Annotated[str, "all that is wrong now and is somebody's to mend; empty if all is well"]
    listeners: Annotated[Count, "number of open pages"]
    refused: Annotated[Count, "requests that were refused since the start"]
    settings: Annotated[SettingValues, "all of them, as they hold"]


class SettingView(TypedDict):
    """What a page needs to show a setting."""

    name: Annotated[str, says(enum=tuple(TABLE)), "of the setting"]
    kind: Annotated[str, says(enum=tuple(kind.__name__ for kind in TYPE_NAMES)), "of its values"]
    group: Annotated[str, says(enum=tuple(GROUPS)), "heading under which it stands"]
    label: Annotated[str, "what a page calls it; empty if it need not be shown"]
    help: Annotated[str, "what it does"]
    takes_effect: Annotated[
        str, says(enum=tuple(one.value for one in TakesEffect)), "when a change is heard"
    ]
    default: Annotated[Value, "what holds when nobody asks for anything"]
    low: Annotated[float | None, "least value of a number, else null"]
    high: Annotated[float | None, "greatest value of a number, else null"]
    logarithmic: Annotated[bool, "whether equal steps of a slider are equal ratios"]
    unit: Annotated[str, "of a number; empty if it has none"]
    none_means: Annotated[str, "what null means; empty where there must be a value"]
    choices: Annotated[list[str], "the words allowed; empty where any text will do"]


class PieceView(TypedDict):
    """A movement that was played."""

    id: Annotated[Number, "number since the start"]
    movement: Annotated[MovementView, "what it was"]
    notes: Annotated[Count, "how many were played"]
    ended_ago: Annotated[Duration, "seconds since its last bar was over"]
    file: Annotated[str, "where it is to be had as a MIDI file"]
    link: Annotated[str, "by which it can be played again"]
    kept: Annotated[str, "name of the file that it is kept in for good; empty if it is not"]


class KeptView(TypedDict):
    """A movement that is kept for good."""

    name: Annotated[str, "of its file"]
    title: Annotated[str, "of the movement"]
    link: Annotated[str, "by which it can be played again; empty if that is not known"]
    file: Annotated[str, "where it is to be had"]


class ThemeView(TypedDict):
    """A theme as it will be played."""

    about: Annotated[str, "all of it, in a line"]
    notes: Annotated[Number, "how many it has"]
    bars: Annotated[Number, "in which it sounds, an upbeat not counted"]
    key: Annotated[str, "such as D minor"]
    meter: Annotated[str, "such as 3/4"]
    upbeat: Annotated[float, says(minimum=0), "quarter notes before the first bar line"]
    changed: Annotated[list[str], "what was left out or had to be changed, a few words each"]


class ModelView(TypedDict):
    """A network that can be chosen."""

    name: Annotated[str, "of its file, without the suffix"]
    bundle: Annotated[str | None, "value of the setting bundle; null for the one included"]
    chosen: Annotated[bool, "whether it is the one that holds"]


class NoteView(TypedDict):
    """A note that is going to be heard."""

    at: Annotated[float, "when it begins, on the clock of the status; usually in the future"]
    duration: Annotated[Duration, "seconds"]
    pitch: Annotated[int, says(minimum=0, maximum=127), "MIDI note number"]
    velocity: Annotated[int, says(minimum=1, maximum=127), "MIDI velocity"]
    bar: Annotated[Count, "of the movement, from 1; 0 in a pickup"]
    movement: Annotated[str, "title of the movement"]
    index: Annotated[Count, "which of the movement's notes it is, from 0, as it was composed"]
    recalls: Annotated[
        list[tuple[Count, Annotated[float, says(minimum=0, maximum=1)]]],
        "earlier notes that its pitch was drawn from: index, and share from 0 to 1",
    ]


class NotesMessage(TypedDict):
    """Of the stream: notes that are going to be heard, ahead of time."""

    type: Annotated[Literal["notes"], "which message it is"]
    notes: Annotated[list[NoteView], "in the order in which they begin"]


class WithdrawnMessage(TypedDict):
    """Of the stream: notes that were told of do not come, unless they are told of again."""

    type: Annotated[Literal["withdrawn"], "which message it is"]
    after: Annotated[float, "those that were to begin then or later, on the clock of the status"]


class PingMessage(TypedDict):
    """To the stream: asks for the time; nothing else is taken."""

    type: Annotated[Literal["ping"], "which message it is"]
    sent: Annotated[
        float,
        says(exclusiveMinimum=-1000000000000000.0, exclusiveMaximum=1000000000000000.0),
        "the sender's own time, which comes back",
    ]


class PongMessage(TypedDict):
    """Of the stream: answers a ping."""

    type: Annotated[Literal["pong"], "which message it is"]
    sent: Annotated[float, "as the ping said"]
    now: Annotated[float, "seconds on the clock of the status"]


def movement_view(movement: Movement) -> MovementView:
    """Name and kind of a movement."""
    return {
        "title": movement.title,
        "suite": movement.suite,
        "position": movement.position,
        "form": movement.form.name,
        "key": str(movement.key),
        "meter": str(movement.meter),
        "seed": movement.seed,
        "number": movement.place.number,
    }


def listed_view(listed: Listed, link: str) -> ListedView:
    """A movement of the suite that is heard."""
    return {"movement": movement_view(listed.movement), "fate": listed.fate.value, "link": link}


def plan_view(movement: Movement | None) -> PlanView | None:
    """What was planned of a movement."""
    if movement is None or not movement.bars:
        return None
    bars = movement.bars
    return {
        "double_bar": movement.double_bar // movement.meter.bar_ticks,
        "keys": [
            {"bar": number, "key": bar.key.title}
            for number, bar in enumerate(bars, 1)
            if number == 1 or bar.key != bars[number - 2].key
        ],
        "closes": [number for number, bar in enumerate(bars, 1) if bar.closes],
        "like": [bar.like for bar in bars],
    }


def _lateness(lateness: Lateness | None) -> LatenessView | None:
    if lateness is None or not lateness.sent:
        return None
    return {
        "p50_ms": round(lateness.p50 * 1000, 3),
        "p99_ms": round(lateness.p99 * 1000, 3),
        "max_ms": round(lateness.max * 1000, 3),
    }


def status_view(status: SessionStatus, now: float, listeners: int, refused: int) -> StatusView:
    """How things are.

    Args:
        status: of the session.
        now: seconds on the session's clock.
        listeners: number of open pages.
        refused: requests that were refused since the start.
    """
    playing = status.playing
    return {
        "version": playbach.__version__,
        "now": now,
        "transport": status.transport.value,
        "movement": movement_view(playing.movement) if playing.movement else None,
        "plan": plan_view(playing.movement),
        "bar": playing.bar,
        "tempo": round(playing.tempo, 2),
        "notes": playing.notes,
        "resting": playing.resting,
        "rests": playing.rests,
        "rested": round(playing.rested, 3),
        "lateness": _lateness(playing.lateness),
        "listening": status.listening,
        "theme": status.theme,
        "sink": status.sink,
        "timing": status.timing,
        "connected": status.connected,
        "control": status.control,
        "control_connected": status.control_connected,
        "touched": status.touched,
        "touches": status.touches,
        "model": status.model,
        "variant": status.variant,
        "uptime": round(status.uptime, 1),
        "problem": status.problem,
        "listeners": listeners,
        "refused": refused,
        "settings": as_values(status.settings),
    }


def setting_view(setting: Setting) -> SettingView:
    """What a page needs to show a setting."""
    return {
        "name": setting.name,
        "kind": setting.kind.__name__,
        "group": setting.group,
        "label": setting.label,
        "help": setting.help,
        "takes_effect": setting.takes_effect.value,
        "default": setting.default,
        "low": setting.low,
        "high": setting.high,
        "logarithmic": setting.logarithmic,
        "unit": setting.unit,
        "none_means": setting.none_means,
        "choices": list(setting.choices),
    }


def piece_view(piece: PlayedMovement, now: float, kept: str) -> PieceView:
    """A movement that was played.

    Args:
        piece: it.
        now: seconds on the session's clock.
        kept: name of the file that it is kept in, if it is.
    """
    return {
        "id": piece.id,
        "movement": movement_view(piece.movement),
        "notes": len(piece.notes),
        "ended_ago": round(max(now - piece.ended, 0.0), 1),
        "file": f"{VERSION}/pieces/{piece.id}.mid",
        "link": piece.link,
        "kept": kept,
    }


def kept_view(kept: KeptMovement) -> KeptView:
    """A movement that is kept for good."""
    return {
        "name": kept.name,
        "title": kept.title,
        "link": kept.link,
        "file": f"{VERSION}/kept/{quote(kept.name)}",
    }


def theme_view(theme: Theme) -> ThemeView:
    """A theme as it will be played."""
    return {
        "about": str(theme),
        "notes": len(theme.notes),
        "bars": theme.bars,
        "key": str(theme.key),
        "meter": str(theme.meter),
        "upbeat": round(theme.pickup / TICKS_PER_QUARTER, 3),
        "changed": list(theme.changed),
    }


def model_view(model: ModelChoice, chosen: str | None) -> ModelView:
    """A model that can be chosen; ``chosen`` is the setting that holds."""
    return {"name": model.name, "bundle": model.bundle, "chosen": chosen == model.bundle}


def notes_view(notes: Sequence[NoteAhead]) -> list[NoteView]:
    """Notes that are going to be heard; times in seconds, on the session's clock."""
    return [
        {
            "at": round(note.at, 6),
            "duration": round(note.duration, 6),
            "pitch": note.pitch,
            "velocity": note.velocity,
            "bar": note.bar,
            "movement": note.movement.title,
            "index": note.index,
            "recalls": [(recall.index, round(recall.weight, 2)) for recall in note.recalls],
        }
        for note in notes
    ]
