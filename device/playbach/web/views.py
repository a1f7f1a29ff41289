"""What the interface says, as values that JSON has.

The types here are what the description of the interface is derived from: each has a line on each
of its keys, and limits where there are any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypedDict

from playbach import __version__
from playbach.music.form import FORMS
from playbach.session.choices import ModelChoice
from playbach.session.pieces import PlayedPiece
from playbach.session.setting import TYPE_NAMES
from playbach.session.settings import TABLE, Acts, Setting, Value, as_values
from playbach.session.status import NoteAhead, SessionStatus, Transport
from playbach.status import Lateness
from playbach.stream import Movement
from playbach.web.schema import says

JSON = dict[str, Any]
"""A JSON object, as a dictionary."""
VERSION = "/api/v1"

Count = Annotated[int, says(minimum=0)]
Number = Annotated[int, says(minimum=1)]
Duration = Annotated[float, says(minimum=0)]
SettingValues = Annotated[dict[str, Value], says(ref="Settings")]


class MovementView(TypedDict):
    """A movement.

    Attributes:
        title: such as ``Suite 3 in D minor, IV Sarabande``.
        suite: number of the suite since the start.
        position: place in the suite.
        form: kind of movement.
        key: home key, such as ``D minor``.
        meter: such as ``3/4``.
    """

    title: str
    suite: Number
    position: Number
    form: Annotated[str, says(enum=tuple(form.name for form in FORMS))]
    key: str
    meter: str


class LatenessView(TypedDict):
    """How late messages left for the synth.

    Attributes:
        p50_ms: median of the last 1,000, in milliseconds.
        p99_ms: 99th percentile of the last 1,000, in milliseconds.
        max_ms: the worst since the start, in milliseconds.
    """

    p50_ms: float
    p99_ms: float
    max_ms: float


class StatusView(TypedDict):
    """How things are.

    Attributes:
        version: of the program.
        now: seconds since the start; times of notes are on the same clock.
        transport: whether there is to be music.
        movement: what is playing, or played last; ``null`` before the first.
        bar: of the movement, from 1; 0 in a pickup or before the first note.
        tempo: felt beats per minute; 0 before the first note.
        notes: begun since the start.
        resting: why nothing new sounds; empty while there is music.
        rests: times that the music rested because composing did not keep up.
        rested: seconds that it rested for that reason.
        lateness: ``null`` where it is not measured, or nothing was sent yet.
        sink: where it plays.
        timing: how messages are kept on time there.
        connected: whether the synth is there, as far as can be told.
        model: name of the network.
        variant: of the network.
        uptime: seconds since the start.
        problem: all that is wrong now and is somebody's to mend; empty if all is well.
        listeners: number of open pages.
        refused: requests that were refused since the start.
        settings: all of them, as they hold.
    """

    version: str
    now: float
    transport: Annotated[str, says(enum=tuple(one.value for one in Transport))]
    movement: MovementView | None
    bar: Count
    tempo: Duration
    notes: Count
    resting: str
    rests: Count
    rested: Duration
    lateness: LatenessView | None
    sink: str
    timing: str
    connected: bool
    model: str
    variant: str
    uptime: Duration
    problem: str
    listeners: Count
    refused: Count
    settings: SettingValues


class SettingView(TypedDict):
    """What a page needs to show a setting.

    Attributes:
        name: of the setting.
        kind: of its values.
        about: what it does.
        acts: when a change is heard.
        default: what holds when nobody asks for anything.
        low: least value of a number, else ``null``.
        high: greatest value of a number, else ``null``.
        unit: of a number; empty if it has none.
        nothing: what ``null`` means; empty where there must be a value.
        choices: the words allowed; empty where any text will do.
    """

    name: Annotated[str, says(enum=tuple(row.name for row in TABLE))]
    kind: Annotated[str, says(enum=tuple(kind.__name__ for kind in TYPE_NAMES))]
    about: str
    acts: Annotated[str, says(enum=tuple(one.value for one in Acts))]
    default: Value
    low: float | None
    high: float | None
    unit: str
    nothing: str
    choices: list[str]


class PieceView(TypedDict):
    """A movement that was played.

    Attributes:
        id: number since the start.
        movement: what it was.
        notes: how many were played.
        ended_ago: seconds since its last bar was over.
        file: where it is to be had as a MIDI file.
    """

    id: Number
    movement: MovementView
    notes: Count
    ended_ago: Duration
    file: str


class ModelView(TypedDict):
    """A network that can be chosen.

    Attributes:
        name: of its file, without the suffix.
        bundle: value of the setting ``bundle``; ``null`` for the one included.
        chosen: whether it is the one that holds.
    """

    name: str
    bundle: str | None
    chosen: bool


class NoteView(TypedDict):
    """A note that is going to be heard.

    Attributes:
        at: when it begins, on the clock of the status; usually in the future.
        duration: seconds.
        pitch: MIDI note number.
        velocity: MIDI velocity.
        bar: of the movement, from 1; 0 in a pickup.
        movement: title of the movement.
        index: which of the movement's notes it is, from 0, as it was composed.
        recalls: earlier notes that its pitch was drawn from: index, and share from 0 to 1.
    """

    at: float
    duration: Duration
    pitch: Annotated[int, says(minimum=0, maximum=127)]
    velocity: Annotated[int, says(minimum=1, maximum=127)]
    bar: Count
    movement: str
    index: Count
    recalls: list[tuple[Count, Annotated[float, says(minimum=0, maximum=1)]]]


class NotesMessage(TypedDict):
    """Of the stream: notes that are going to be heard, ahead of time.

    Attributes:
        type: which message it is.
        notes: in the order in which they begin.
    """

    type: Literal["notes"]
    notes: list[NoteView]


class WithdrawnMessage(TypedDict):
    """Of the stream: notes that were told of do not come, unless they are told of again.

    Attributes:
        type: which message it is.
        after: those that were to begin then or later, on the clock of the status.
    """

    type: Literal["withdrawn"]
    after: float


class PingMessage(TypedDict):
    """To the stream: asks for the time; nothing else is taken.

    Attributes:
        type: which message it is.
        sent: the sender's own time, which comes back.
    """

    type: Literal["ping"]
    sent: Annotated[float, says(exclusiveMinimum=-1e15, exclusiveMaximum=1e15)]


class PongMessage(TypedDict):
    """Of the stream: answers a ping.

    Attributes:
        type: which message it is.
        sent: as the ping said.
        now: seconds on the clock of the status.
    """

    type: Literal["pong"]
    sent: float
    now: float


def movement_view(movement: Movement) -> MovementView:
    """Name and kind of a movement."""
    return {
        "title": movement.title,
        "suite": movement.suite,
        "position": movement.position,
        "form": movement.form.name,
        "key": str(movement.key),
        "meter": str(movement.meter),
    }


def _lateness(lateness: Lateness | None) -> LatenessView | None:
    if lateness is None or not lateness.count:
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
        "version": __version__,
        "now": now,
        "transport": status.transport.value,
        "movement": movement_view(playing.movement) if playing.movement else None,
        "bar": playing.bar,
        "tempo": round(playing.tempo, 2),
        "notes": playing.notes,
        "resting": playing.resting,
        "rests": playing.rests,
        "rested": round(playing.rested, 3),
        "lateness": _lateness(playing.lateness),
        "sink": status.sink,
        "timing": status.timing,
        "connected": status.connected,
        "model": status.model,
        "variant": status.variant,
        "uptime": round(status.uptime, 1),
        "problem": status.problem,
        "listeners": listeners,
        "refused": refused,
        "settings": as_values(status.settings),
    }


def setting_view(row: Setting) -> SettingView:
    """What a page needs to show a setting."""
    return {
        "name": row.name,
        "kind": row.kind.__name__,
        "about": row.about,
        "acts": row.acts.value,
        "default": row.default,
        "low": row.low,
        "high": row.high,
        "unit": row.unit,
        "nothing": row.nothing,
        "choices": list(row.choices),
    }


def piece_view(piece: PlayedPiece, now: float) -> PieceView:
    """A movement that was played; ``now`` in seconds on the session's clock."""
    return {
        "id": piece.id,
        "movement": movement_view(piece.archived.movement),
        "notes": len(piece.archived.notes),
        "ended_ago": round(max(now - piece.ended, 0.0), 1),
        "file": f"{VERSION}/pieces/{piece.id}.mid",
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
