"""Six movements of the cello suites are never learned from, in whatever arrangement."""

from __future__ import annotations

import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from bench.comparison.studies import KEPT_BACK

from playbach_train.corpus.engraving import packaged_manifest

ROOT = Path(__file__).parents[3]
SOURCES = ROOT.parent / "shared" / "data" / "lilypond"
LINES = ("bach-keyboard", "bach-ensemble", "bach-church")
CORPORA = packaged_manifest().corpora

OF_SOLO_WORKS = re.compile(r"BWV(995|1006a|539|964|968|1000|100\d|101[0-3]|99[6-9])/")
"""Folders of the solo works and of what Bach made of them: 995 is 1011, 964 is 1003, and so on."""
NAMES_A_SUITE = re.compile(
    r"BWV[ .]*(995|100[7-9]|101[0-2])\b|suites? (for|für|pour|per) (solo |il )?(violon)?cello",
    re.IGNORECASE,
)


def test_the_six_are_movements_of_the_suites_and_of_no_other_corpus() -> None:
    names = {name: [m for work in works for m in work.pieces] for name, works in CORPORA.items()}
    assert set(KEPT_BACK) <= set(names.pop("cello-suites"))
    others = [name for group in names.values() for name in group]
    assert not [name for name in others if re.match(r"bwv(995|100[7-9]|101[0-2])\b", name)]


def test_no_line_is_of_a_solo_work_or_an_arrangement_of_one() -> None:
    files = [path for name in LINES for work in CORPORA[name] for path, _ in work.files]
    assert files
    assert not [path for path in files if OF_SOLO_WORKS.match(path)]


@pytest.mark.skipif(not SOURCES.is_dir(), reason="the LilyPond sources are not here")
def test_no_source_of_a_line_says_that_it_is_a_cello_suite() -> None:
    base = SOURCES / packaged_manifest().base
    files = {
        p for name, ws in CORPORA.items() if name != "cello-suites" for w in ws for p in w.files
    }
    told = [
        path
        for path, _ in sorted(files)
        if (base / path).is_file()
        and NAMES_A_SUITE.search((base / path).read_text(encoding="utf-8", errors="replace"))
    ]
    assert told == []


def test_both_stages_of_the_included_model_leave_out_the_six() -> None:
    made = subprocess.run(
        ["make", "--dry-run", "--always-make", "--assume-old=.venv-dev/installed", "model"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.replace("\\\n", " ")  # fmt: skip
    stages = [line for line in made.splitlines() if "train/train.py" in line]
    assert len(stages) == 2
    for stage in stages:
        words = stage.split()
        excluded = [words[n + 1] for n, word in enumerate(words) if word == "--exclude"]
        assert all(any(fnmatchcase(name, p) for p in excluded) for name in KEPT_BACK)
