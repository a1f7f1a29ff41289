"""What the interface says, as values that JSON has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playbach import __version__
from playbach.session.settings import Setting, as_values
from playbach.session.status import NoteAhead, SessionStatus
from playbach.status import Lateness
from playbach.stream import Movement

JSON = dict[str, Any]
"""A JSON object, as a dictionary."""


def movement_view(movement: Movement | None) -> JSON | None:
    """Name and kind of a movement; ``None`` before the first."""
    if movement is None:
        return None
    return {
        "title": movement.title,
        "suite": movement.suite,
        "position": movement.position,
        "form": movement.form.name,
        "key": str(movement.key),
        "meter": str(movement.meter),
    }


def _lateness(lateness: Lateness | None) -> JSON | None:
    """Milliseconds."""
    if lateness is None or not lateness.count:
        return None
    return {
        "p50_ms": round(lateness.p50 * 1000, 3),
        "p99_ms": round(lateness.p99 * 1000, 3),
        "max_ms": round(lateness.max * 1000, 3),
    }


def status_view(status: SessionStatus, now: float, listeners: int, refused: int) -> JSON:
    """How things are.

    Times are seconds, ``tempo`` is in felt beats per minute; ``lateness`` is in milliseconds, and
    ``None`` where it is not measured or nothing was sent yet.

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
        "movement": movement_view(playing.movement),
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


def setting_view(row: Setting) -> JSON:
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


def notes_view(notes: Sequence[NoteAhead]) -> list[JSON]:
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
            "recalls": [[recall.index, round(recall.weight, 2)] for recall in note.recalls],
        }
        for note in notes
    ]
