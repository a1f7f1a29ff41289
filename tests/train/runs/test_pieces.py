"""A run keeps the movements it was trained on and those held out, note for note."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from playbach.errors import InputError
from playbach_train.corpus import Request, load
from playbach_train.corpus.split import Split
from playbach_train.runs import pieces as module
from playbach_train.runs.checkpoint import load_arrays, save_arrays
from playbach_train.runs.pieces import keep_scores, kept_scores
from playbach_train.runs.run import SCORES


def test_both_sides_come_back_as_they_were_read(finished: Path, scores: Path) -> None:
    corpus = load([scores], Request(), report=lambda _: None)
    record = json.loads((finished / "run.json").read_text())
    kept = kept_scores(finished)
    assert sorted(kept.training) == sorted(record["training"])
    assert sorted(kept.held_out) == sorted(record["held_out"])
    both = {**kept.training, **kept.held_out}
    assert len(both) == 6
    for movement in corpus.movements:
        found = both[movement.name]
        assert found.notes == movement.piece.notes
        assert found.keys == movement.piece.keys
        assert found.meters == movement.piece.meters
        assert found.form == movement.piece.form
        assert found.pickup == movement.piece.pickup


def test_a_large_corpus_is_kept_in_part_but_never_not_at_all(
    scores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = load([scores], Request(), report=lambda _: None)
    names = tuple(movement.name for movement in corpus.movements)
    lengths = sorted(len(movement.piece.notes) for movement in corpus.movements)
    monkeypatch.setattr(module, "MOST_NOTES", sum(lengths) - 1)
    keep_scores(tmp_path, corpus, Split(names[:1], names[1:]))
    assert len(kept_scores(tmp_path).training) == 1
    assert len(kept_scores(tmp_path).held_out) == 5
    monkeypatch.setattr(module, "MOST_NOTES", 1)
    keep_scores(tmp_path, corpus, Split(names[:1], names[1:]))
    assert len(kept_scores(tmp_path).held_out) == 1


def test_a_run_without_scores_or_with_damaged_ones_is_refused(
    finished: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"holds no scores \(scores.npz\)"):
        kept_scores(tmp_path)
    shutil.copy(finished / SCORES, tmp_path)
    arrays, record = load_arrays(tmp_path / SCORES)
    save_arrays(tmp_path / SCORES, arrays, {"movements": [record["movements"][0] | {"keys": []}]})
    with pytest.raises(InputError, match=r"scores.npz: damaged \(key changes"):
        kept_scores(tmp_path)
    save_arrays(tmp_path / SCORES, {}, record)
    with pytest.raises(InputError, match=r"scores.npz: damaged"):
        kept_scores(tmp_path)
