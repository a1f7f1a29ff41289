"""What the user says of scores: a table of form, key and meter, and what is to be folded."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playbach.errors import InputError
from playbach.music.form import Form, parse_form
from playbach.music.key import Key, parse_key
from playbach.music.meter import Meter, parse_meter
from playbach_train.corpus.folding import Folds
from playbach_train.corpus.guards import check_size

_COLUMNS: dict[str, Callable[[str], Any]] = {
    "form": parse_form,
    "key": parse_key,
    "meter": parse_meter,
}


@dataclass(frozen=True, slots=True)
class Label:
    """What the user says of a file; ``None`` where nothing is said.

    Attributes:
        form: of all its movements.
        key: of the whole of each.
        meter: of the whole of each.
    """

    form: Form | None = None
    key: Key | None = None
    meter: Meter | None = None


NO_LABEL = Label()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the reading of scores.

    Attributes:
        labels: what the user says of them, by what movements or their files are called.
        folds: what is folded, of what is found written out.
    """

    labels: Mapping[str, Label] = field(default_factory=dict)
    folds: Folds = frozenset()

    def label(self, *names: str) -> Label:
        """What is said of the first of these names of which anything is."""
        return next((self.labels[name] for name in names if name in self.labels), NO_LABEL)


PLAIN = Asked()


def read_labels(path: Path) -> Mapping[str, Label]:
    """The table in a CSV file with the columns path, form, key and meter.

    Paths are those below the folder of scores, with suffix or without. A cell that is empty, or a
    column that is not there, says nothing.

    Raises:
        InputError: it cannot be read, has other columns, or a cell that is no form, key or meter.
    """
    try:
        check_size(path)
        rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
        _check_columns(rows.fieldnames or ())
        return {row["path"] or "": _label(row, rows.line_num) for row in rows}
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a table of comma-separated values in UTF-8") from error


def _check_columns(names: Any) -> None:
    if "path" not in names or not {"path", *_COLUMNS}.issuperset(names):
        raise InputError(
            f"its first line is {','.join(map(str, names))[:80]!r}; it must be path,form,key,meter"
        )


def _label(row: Mapping[str, str | None], line: int) -> Label:
    given = ((name, read, row.get(name)) for name, read in _COLUMNS.items())
    try:
        return Label(**{name: read(text) for name, read, text in given if text})
    except InputError as error:
        raise InputError(f"line {line}: {error}") from error
