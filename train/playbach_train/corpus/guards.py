"""Limits on files that come from strangers."""

from __future__ import annotations

from pathlib import Path

from playbach.errors import InputError

MAX_SCORE_BYTES = 16 * 1024 * 1024


def check_size(path: Path, most: int = MAX_SCORE_BYTES) -> None:
    """See that ``path`` is an ordinary file of at most ``most`` bytes.

    Raises:
        InputError: it is not; the message does not name it.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
    if not path.is_file():
        raise InputError("not an ordinary file")
    if size > most:
        raise InputError(f"{size:,} bytes; at most {most:,} are read")
