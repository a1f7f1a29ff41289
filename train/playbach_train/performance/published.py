"""The performances that the included table was fitted to, from their public repository.

``published.json`` says which: those of the Bach Violin Dataset (Dong, Zhou, Berg-Kirkpatrick and
McAuley, "Deep Performer", ICASSP 2022) whose recordings are in the public domain or under CC BY.
The SHA-256 of each file is part of it.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from playbach.errors import OutputError
from playbach_train.corpus.engraving import Manifest, ReadSource, checked

COLUMNS = (
    "name", "collection", "violinist", "work", "movement", "title", "score", "repeat1", "repeat2",
    "license",
)  # fmt: skip
"""Of ``performances.csv``."""


@dataclass(frozen=True, slots=True)
class Published:
    """Performances in a public repository.

    Attributes:
        manifest: where they are.
        rows: of ``performances.csv``; also the SHA-256 of ``notes`` and ``alignment``.
        scores: SHA-256 of each score, by its name.
    """

    manifest: Manifest
    rows: Sequence[Mapping[str, str]]
    scores: Mapping[str, str]

    def files(self) -> Iterator[tuple[str, str, str]]:
        """Path below the repository's base, path in the folder that is made, and SHA-256."""
        for row in self.rows:
            name, collection = row["name"], row["collection"]
            for kind, digest in (("notes", row["notes"]), ("alignments", row["alignment"])):
                yield f"{kind}/{collection}/{name}.csv", f"{kind}/{name}.csv", digest
        for score, digest in self.scores.items():
            yield f"scores/{score.partition('_')[0]}/{score}.mxl", f"scores/{score}.mxl", digest


def published() -> Published:
    """Those that are known."""
    return parse_published(resources.files(__package__).joinpath("published.json").read_bytes())


def parse_published(content: bytes) -> Published:
    """What ``published.json`` says."""
    fields = json.loads(content)
    manifest = Manifest(fields["repository"], fields["commit"], fields["base"], {})
    return Published(manifest, fields["performances"], fields["scores"])


def fetch(folder: Path, known: Published, read: ReadSource) -> None:
    """Make a folder of performances, as ``read_performances`` reads it.

    It is made elsewhere and put in place at the end, so a failure leaves nothing.

    Args:
        folder: does not exist, or is empty.
        known: what is fetched.
        read: gives a file of the repository.

    Raises:
        InputError: a file cannot be fetched, or is not the one that is known.
        OutputError: the folder has something in it, or cannot be written.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise OutputError(f"{folder}: it is there already; give the name of a new folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".partial-") as scratch:
            made = Path(scratch, "made")
            for source, place, digest in known.files():
                content = checked(source, read(source), digest)
                (made / place).parent.mkdir(parents=True, exist_ok=True)
                (made / place).write_bytes(content)
            (made / "performances.csv").write_text(_index(known.rows), encoding="utf-8")
            made.replace(folder)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}") from error


def _index(rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
