"""Mutated scores of each format, by hand: ``make test-scores ARGS="COUNT SEED"``.

Every outcome must be a movement or a line that says why there is none; anything else ends this with
a traceback, and the score that did it is left in the folder that is named. Damage is of three
kinds: bytes changed, cut or doubled anywhere; a number replaced by another; two scores spliced.
"""

from __future__ import annotations

import io
import random
import re
import shutil
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.train.corpus.scores import ABC, CLARINET, KERN, MEI, MUSICXML, PERCUSSION

from playbach.midi.files import midi_bytes
from playbach.music.form import parse_form
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach_train.corpus import guards
from playbach_train.corpus.folder import read_score
from playbach_train.corpus.records import ScoreMovement, Skipped

COUNT = 10_000
REPORTED = 100
PATIENCE = 1.0
"""Seconds of processor time for a score, of which many ask for a bar a year long."""
_NUMBERS = ("0", "-1", "1", "7", "33", "128", "65536", "99999999", "1e9", "", "x", "0.3333")
_NUMBER = re.compile(rb"(?<![A-Za-z])\d+")


def _midi() -> bytes:
    notes = tuple(Note(Ticks(12 * n), Pitch(50 + n * 7 % 24), Ticks(12)) for n in range(96))
    return midi_bytes(Piece(notes, form=parse_form("gigue"), pickup=Ticks(12)), tempo=80)


def _zipped(score: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", score)
    return packed.getvalue()


SCORES: dict[str, tuple[bytes, ...]] = {
    "mid": (_midi(),),
    "musicxml": tuple(text.encode() for text in (MUSICXML, CLARINET, PERCUSSION)),
    "mxl": (_zipped(MUSICXML.encode()),),
    "krn": (KERN.encode(),),
    "abc": (ABC.encode(),),
    "mei": (MEI.encode(),),
}
"""What is mutated, by suffix."""


def mutated(score: bytes, chance: random.Random) -> bytes:
    """The score with one to four pieces of damage."""
    for _ in range(chance.randint(1, 4)):
        # Numbers most often: other damage to XML is seldom read any further.
        kind = chance.choice((0, 1, 2, 2, 2, 2, 3))
        start = chance.randrange(len(score) + 1)
        end = start + chance.choice((0, 1, 1, 2, 8, 60))
        if kind == 0:
            score = score[:start] + chance.randbytes(chance.randint(0, 4)) + score[end:]
        elif kind == 1:
            score = score[:start] + score[start:end] * 2 + score[end:]
        elif kind == 2 and (numbers := list(_NUMBER.finditer(score))):
            found = chance.choice(numbers)
            other = chance.choice(_NUMBERS).encode()
            score = score[: found.start()] + other + score[found.end() :]
        else:
            other_start = chance.randrange(len(score) + 1)
            score = score[:start] + score[other_start : other_start + 200] + score[end:]
    return score


def fuzz(folder: Path, count: int, seed: int) -> Iterator[Counter[str]]:
    """Read ``count`` mutated scores of each format in turn; how often they were read so far."""
    outcomes: Counter[str] = Counter()
    chance = random.Random(seed)
    for _ in range(count):
        for suffix, scores in SCORES.items():
            path = folder / f"mutated.{suffix}"
            path.write_bytes(mutated(chance.choice(scores), chance))
            for outcome in read_score(path, "mutated", "fuzz"):
                if isinstance(outcome, Skipped) and "\n" in outcome.reason:
                    raise ValueError(outcome.reason)
                kind = "read" if isinstance(outcome, ScoreMovement) else "skipped"
                outcomes[f"{suffix} {kind}"] += 1
        yield outcomes


def main() -> None:
    """Read the arguments, mutate and read."""
    given = [int(argument) for argument in sys.argv[1:]]
    count, seed = (*given, *(COUNT, 1)[len(given) :])
    guards.BASE_SECONDS = PATIENCE
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    sys.stdout.write(f"in {folder}\n")
    began = time.process_time()
    for done, outcomes in enumerate(fuzz(folder, count, seed), start=1):
        if done % REPORTED == 0 or done == count:
            counts = ", ".join(f"{what} {times}" for what, times in sorted(outcomes.items()))
            sys.stdout.write(f"{done} of each, none of which ended this: {counts}\n")
            sys.stdout.flush()
    shutil.rmtree(folder)
    sys.stdout.write(f"{time.process_time() - began:.0f} s of processor time\n")


if __name__ == "__main__":
    main()
