"""The performances by name: fetched from their repository, checked, read as a folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tests.train.corpus.repository import serving_folder
from tests.train.performance.made_up import folder_of_performances

from playbach.errors import InputError, OutputError
from playbach_train.cli import main
from playbach_train.corpus.engraving import read_from_folder, read_over_http
from playbach_train.performance.alignments import read_performances
from playbach_train.performance.published import Published, fetch, parse_published, published


def repository(folder: Path, made_up: Path) -> Published:
    """A copy of a repository of the performances made up here, and what is known of it."""
    rows, digests = [], {}
    for row in (made_up / "performances.csv").read_text().splitlines()[1:]:
        name, player, work, movement, score = row.split(",")
        files = (
            (f"notes/{name}.csv", f"notes/misc/{name}.csv"),
            (f"alignments/{name}.csv", f"alignments/misc/{name}.csv"),
            (f"scores/{score}.mxl", f"scores/{score}/{score}.mxl"),
        )
        for ours, theirs in files:
            content = (made_up / ours).read_bytes()
            path = folder / "bach" / theirs
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            digests[theirs] = hashlib.sha256(content).hexdigest()
        rows.append(
            {
                "name": name, "collection": "misc", "violinist": player, "work": work,
                "movement": movement, "score": score, "title": "", "license": "PD", "repeat1": "-",
                "repeat2": "-", "notes": digests[files[0][1]], "alignment": digests[files[1][1]],
            }
        )  # fmt: skip
    scores = {Path(path).stem: sha for path, sha in digests.items() if path.startswith("scores/")}
    fields = {
        "repository": "someone/performances", "commit": "0" * 40, "base": "bach",
        "performances": rows, "scores": scores,
    }  # fmt: skip
    return parse_published(json.dumps(fields).encode())


def test_what_is_fetched_over_http_is_read_as_the_folder_it_came_from(tmp_path: Path) -> None:
    made_up = folder_of_performances(tmp_path / "data")
    commit = tmp_path / "site" / "someone" / "performances" / ("0" * 40)
    known = repository(commit, made_up)
    with serving_folder(tmp_path / "site") as host:
        fetch(tmp_path / "new" / "folder", known, read_over_http(known.manifest, host))
    assert read_performances(tmp_path / "new" / "folder") == read_performances(made_up)
    read = read_from_folder(commit, known.manifest)
    with pytest.raises(OutputError, match="it is there already"):
        fetch(tmp_path / "new" / "folder", known, read)


def test_an_altered_file_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    known = repository(tmp_path / "copy", folder_of_performances(tmp_path / "data"))
    wrong = tmp_path / "copy" / "bach" / "alignments" / "misc" / "bea_2.csv"
    wrong.write_text(wrong.read_text() + "1,2\n")
    (tmp_path / "new").mkdir()
    with pytest.raises(InputError, match=r"alignments/misc/bea_2\.csv: altered or incomplete"):
        fetch(tmp_path / "new" / "a", known, read_from_folder(tmp_path / "copy", known.manifest))
    assert not list((tmp_path / "new").iterdir())


def test_those_that_are_known_are_free_and_a_copy_of_them_is_fetched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = published()
    assert len(known.rows) == 40
    assert {row["license"] for row in known.rows} == {"PD", "CC BY"}
    assert {row["score"] for row in known.rows} == set(known.scores)
    assert main(["performance", "fetch", str(tmp_path / "x"), "--from", str(tmp_path)]) == 2
    assert "no copy of salu133445/bach-violin-dataset" in capsys.readouterr().err
    shared = Path(__file__).parents[4] / "shared" / "data" / "violin-performances"
    if not shared.is_dir():
        pytest.skip("the performances are not here")
    for source, place, _ in known.files():
        path = tmp_path / "bach-violin" / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(shared / place)
    assert main(["performance", "fetch", str(tmp_path / "x"), "--from", str(tmp_path)]) == 0
    assert "40 performances" in capsys.readouterr().out
