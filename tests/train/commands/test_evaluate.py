"""``playbach-train evaluate`` prints the measures, and says plainly what it could not measure."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.bundle import read_bundle, write_bundle
from playbach.errors import InputError
from playbach.midi.files import midi_bytes
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach_train.cli import main
from playbach_train.commands.evaluate import COLUMNS
from playbach_train.corpus import Request
from playbach_train.corpus.engraving import bowing_beside, packaged_manifest
from playbach_train.corpus.midi_files import read_midi
from playbach_train.corpus.named import engraving_cache
from playbach_train.networks.table import load_run
from playbach_train.ngram import baseline_bits
from playbach_train.runs.checkpoint import load_arrays, save_arrays
from playbach_train.runs.pieces import TRAINED_ON, kept_scores, of_bundle, of_run
from playbach_train.runs.run import NETWORK, RECORD, SCORES

Capture = pytest.CaptureFixture[str]


def evaluated(capsys: Capture, *words: str | Path) -> tuple[dict[str, Any], str]:
    """What was printed as JSON, and what was said beside it."""
    assert main(["evaluate", *map(str, words), "--json"]) == 0
    out, err = capsys.readouterr()
    return json.loads(out), err


def refusal(capsys: Capture, *words: str | Path) -> str:
    assert main(["evaluate", *map(str, words)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    return error


@pytest.fixture
def unseen(tmp_path: Path) -> Path:
    """A folder of two movements no run has seen, named as no other."""
    folder = tmp_path / "unseen"
    folder.mkdir()
    for number, step in enumerate((2, 5)):
        notes = [Note(Ticks(12 * n), Pitch(48 + step * n % 17), Ticks(12)) for n in range(30)]
        content = midi_bytes(Piece(tuple(notes)), tempo=80, program=42)
        (folder / f"study-{number}.mid").write_bytes(content)
    return folder


def test_the_json_holds_what_is_promised_and_nothing_else(
    finished: Path, scores: Path, capsys: Capture
) -> None:
    result, _ = evaluated(capsys, "--run", finished, "--midi", scores)
    assert list(result) == ["pooled", "movements", "ngram"]
    assert len(result["movements"]) == 6
    for row in (result["pooled"], *result["movements"].values()):
        assert tuple(row) == COLUMNS
        parts = row["pitch_bits"] + row["shift_bits"] + row["duration_bits"]
        assert row["total_bits"] == pytest.approx(parts)
        assert 0 <= row["pitch_top1"] <= 1
    assert result["pooled"]["notes"] == sum(row["notes"] for row in result["movements"].values())


def test_the_baseline_of_a_run_learns_from_what_the_run_was_trained_on(
    finished: Path, unseen: Path, capsys: Capture
) -> None:
    result, said = evaluated(capsys, "--run", finished, "--midi", unseen)
    training = kept_scores(finished).training
    assert set(training) == set(load_run(finished).record["training"])
    pieces = [read_midi(path).piece for path in sorted(unseen.iterdir())]
    bits, top1 = baseline_bits(load_run(finished).encoding, training.values(), pieces)
    assert result["ngram"] == {"pitch_bits": pytest.approx(bits), "pitch_top1": top1}
    assert "no n-gram baseline" not in said
    assert "flatters" not in said


def test_measuring_on_training_movements_is_called_flattering(
    finished: Path, scores: Path, capsys: Capture
) -> None:
    _, said = evaluated(capsys, "--run", finished, "--midi", scores)
    count = len(load_run(finished).record["training"])
    assert f"{count} of the movements measured are among the training movements" in said


def test_a_run_that_keeps_no_scores_or_too_few_has_no_baseline_and_says_so(
    finished: Path, unseen: Path, tmp_path: Path, capsys: Capture
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    arrays, record = load_arrays(run / SCORES)
    training = [row for row in record["movements"] if not row["held_out"]]
    count = training[0]["notes"]
    save_arrays(run / SCORES, {"notes": arrays["notes"][:count]}, {"movements": training[:1]})
    result, said = evaluated(capsys, "--run", run, "--midi", unseen)
    assert result["ngram"] is None
    assert f"no n-gram baseline: {run}: keeps only 1 of {len(training)} training movements" in said
    assert "--baseline DIR names the training scores" in said
    (run / SCORES).unlink()
    assert evaluated(capsys, "--run", run, "--midi", unseen)[0]["ngram"] is None


def test_a_bundle_whose_training_scores_are_not_here_has_no_baseline_and_says_so(
    unseen: Path, capsys: Capture
) -> None:
    result, said = evaluated(capsys, "--bundle", TINY_BUNDLE, "--midi", unseen)
    assert result["pooled"]["notes"] == 58
    assert result["ngram"] is None
    assert (
        f"no n-gram baseline: {TINY_BUNDLE}: was trained on scores that belong to no named corpus"
        in said
    )


def test_the_baseline_can_be_given_other_scores(
    scores: Path, unseen: Path, capsys: Capture
) -> None:
    words = ("--bundle", TINY_BUNDLE, "--midi", unseen, "--baseline", scores)
    assert evaluated(capsys, *words)[0]["ngram"]["pitch_bits"] > 0


def test_movements_to_measure_on_are_left_out_of_scores_named_for_the_baseline(
    scores: Path, capsys: Capture
) -> None:
    words = ("--bundle", TINY_BUNDLE, "--midi", scores, "--baseline", scores)
    result, said = evaluated(capsys, *words)
    assert result["ngram"] is None
    assert f"--baseline {scores}: holds only movements that are measured" in said
    assert "--exclude" not in said


def test_the_baseline_learns_from_the_rest_of_scores_that_hold_a_measured_movement(
    scores: Path, unseen: Path, tmp_path: Path, capsys: Capture
) -> None:
    both = tmp_path / "both"
    shutil.copytree(scores, both)
    shutil.copy(next(unseen.iterdir()), both)
    words = ("--bundle", TINY_BUNDLE, "--midi", unseen)
    alone, _ = evaluated(capsys, *words, "--baseline", scores)
    result, said = evaluated(capsys, *words, "--baseline", both)
    assert result["ngram"] == alone["ngram"]
    assert "1 movements of --baseline are measured, so the baseline does not" in said
    assert "--exclude" not in said


def test_a_bundle_of_another_kind_is_not_measured_and_says_what_is(
    scores: Path, tmp_path: Path, capsys: Capture
) -> None:
    bundle = read_bundle(TINY_BUNDLE)
    manifest = replace(bundle.manifest, network=replace(bundle.manifest.network, kind="window"))
    parts = {part.name: bundle.part(part.variant, part.role) for part in manifest.parts}
    tables = {table.name: bundle.table(table.name) for table in manifest.tables}
    write_bundle(tmp_path / "other.bundle", manifest, parts, tables)
    message = refusal(capsys, "--bundle", tmp_path / "other.bundle", "--midi", scores)
    assert "a network of kind window is not measured in a bundle; give the run" in message


def test_training_movements_of_a_bundle_come_from_corpora_compiled_here(
    scores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    manifest = packaged_manifest()
    first, second = manifest.corpora["bach-solo"][:2]
    compiled = engraving_cache(Request(), manifest) / "bach-solo"
    compiled.mkdir(parents=True)
    for name in first.movements:
        midi = Path(shutil.copy(next(scores.glob("*.mid")), compiled / f"{name}.mid"))
        bowing_beside(midi).touch()
    names = [*first.movements]
    provenance = replace(
        read_bundle(TINY_BUNDLE).manifest.provenance,
        corpora=("bach-solo",),
        notes={TRAINED_ON: names},
    )
    assert list(of_bundle(provenance, "x.bundle")) == names
    missing = replace(provenance, notes={TRAINED_ON: [*names, second.movements[0]]})
    with pytest.raises(
        InputError, match=r"x\.bundle: 1 of its \d training movements are not compiled here"
    ):
        of_bundle(missing, "x.bundle")
    unknown: tuple[dict[str, Any], ...] = ({}, {TRAINED_ON: 7}, {TRAINED_ON: [7]})
    for notes in unknown:
        with pytest.raises(InputError, match="does not say what it was trained on"):
            of_bundle(replace(provenance, notes=notes), "x.bundle")
    with pytest.raises(InputError, match="scores that belong to no named corpus"):
        of_bundle(replace(provenance, corpora=("scores",)), "x.bundle")


def test_what_is_outside_range_or_tables_is_counted_and_said(
    finished: Path, tmp_path: Path, capsys: Capture
) -> None:
    rows = ((0, 20, 500), (301, 100, 12), (313, 60, 12), (325, 61, 12))
    piece = Piece(tuple(Note(Ticks(o), Pitch(p), Ticks(d)) for o, p, d in rows))
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "odd.mid").write_bytes(midi_bytes(piece, tempo=80, program=42))
    _, said = evaluated(capsys, "--bundle", TINY_BUNDLE, "--midi", folder)
    assert "having no symbol of their own: 1 shifts, 2 intervals, 1 durations" in said
    assert "outside the bundle's range 36 to 76, and measured all the same: 2 notes of 1" in said
    assert main(["evaluate", "--run", str(finished), "--midi", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "1 shifts, 2 intervals, 1 durations" in said
    assert "bundle's range" not in said


def test_notes_off_the_grid_are_counted_and_said(
    scores: Path, tmp_path: Path, capsys: Capture
) -> None:
    folder = tmp_path / "finer"
    folder.mkdir()
    path = next(scores.glob("*.mid"))
    content = bytearray(path.read_bytes())
    # Half as many ticks again to the quarter, so that notes fall between those of our grid.
    ticks = int.from_bytes(content[12:14], "big")
    content[12:14] = (ticks * 7 // 5).to_bytes(2, "big")
    (folder / "finer.mid").write_bytes(content)
    _, said = evaluated(capsys, "--bundle", TINY_BUNDLE, "--midi", folder)
    assert "measured not quite as written: " in said


def test_nothing_to_measure_is_refused(finished: Path, tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    for which in (("--run", finished), ("--bundle", TINY_BUNDLE)):
        assert "no music in" in refusal(capsys, *which, "--midi", folder)
    single = Piece((Note(Ticks(0), Pitch(50), Ticks(24)),))
    (folder / "single.mid").write_bytes(midi_bytes(single, tempo=80, program=42))
    message = refusal(capsys, "--bundle", TINY_BUNDLE, "--midi", folder)
    assert "no movement has two notes or more" in message


def test_a_movement_of_one_note_has_no_figures_but_leaves_the_others_theirs(
    unseen: Path, capsys: Capture
) -> None:
    single = Piece((Note(Ticks(0), Pitch(50), Ticks(24)),))
    (unseen / "single.mid").write_bytes(midi_bytes(single, tempo=80, program=42))
    result, _ = evaluated(capsys, "--bundle", TINY_BUNDLE, "--midi", unseen)
    assert result["movements"]["single"]["pitch_bits"] is None
    assert result["movements"]["single"]["notes"] == 0
    assert result["pooled"]["notes"] == 58


def test_a_run_without_a_checkpoint_is_refused(
    finished: Path, scores: Path, tmp_path: Path, capsys: Capture
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    (run / NETWORK).unlink()
    message = refusal(capsys, "--run", run, "--midi", scores)
    assert "no checkpoint (network.npz) in it" in message
    message = refusal(capsys, "--run", tmp_path / "nowhere", "--midi", scores)
    assert "no such folder; give the folder of a training run" in message


def test_a_run_or_bundle_of_another_encoding_is_refused(
    finished: Path, scores: Path, tmp_path: Path, capsys: Capture
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    record = json.loads((run / RECORD).read_text())
    record["encoding"]["version"] = 99
    (run / RECORD).write_text(json.dumps(record))
    message = refusal(capsys, "--run", run, "--midi", scores)
    assert "made for version 99 of the encoding" in message
    bundle = read_bundle(TINY_BUNDLE)
    manifest = bundle.manifest
    other = replace(manifest, encoding=replace(manifest.encoding, version=99))
    path = tmp_path / "other.bundle"
    parts = {part.name: bundle.part(part.variant, part.role) for part in manifest.parts}
    tables = {table.name: bundle.table(table.name) for table in manifest.tables}
    write_bundle(path, other, parts, tables)
    message = refusal(capsys, "--bundle", path, "--midi", scores)
    assert "made for version 99 of the encoding" in message


def test_a_variant_goes_with_a_bundle_and_must_be_in_it(
    finished: Path, scores: Path, capsys: Capture
) -> None:
    words = ("--midi", scores, "--variant", "int4")
    assert "it goes with --bundle only" in refusal(capsys, "--run", finished, *words)
    assert "variant 'int4'" in refusal(capsys, "--bundle", TINY_BUNDLE, *words)


def test_what_a_run_was_trained_on_is_found_in_it(finished: Path) -> None:
    assert set(of_run(finished)) == set(load_run(finished).record["training"])
