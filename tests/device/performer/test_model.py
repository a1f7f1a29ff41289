"""The table of a performer: what is shipped can be read, and what is none is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from playbach.bundle import default_bundle_path, read_bundle
from playbach.errors import InputError
from playbach.performer.model import INCLUDED, as_json, included, performer_in, read_performer
from playbach.performer.slurs import FEATURES


def table(**changed: Any) -> dict[str, Any]:
    tempo = {
        "made_from": {"source": "nobody"}, "constant": 0.5, "rules": {"chord": 0.25},
        "trees": [["end-near", 0.5, 0.125, ["down", 0, 1, 2]]],
    }  # fmt: skip
    slurs = {"share": -1, "spread": 1, "constant": 0, "weights": dict.fromkeys(FEATURES, 0.5)}
    content: dict[str, Any] = {"format": 2, "tempo": tempo, "slurs": slurs}
    for path, value in changed.items():
        inner, _, key = path.rpartition("__")
        (content[inner] if inner else content)[key] = value
    return content


def deep(depth: int) -> Any:
    return ["chord", 0, deep(depth - 1), 0] if depth else 0


def test_the_table_included_says_whom_it_learned_from_and_is_small() -> None:
    model = included()
    assert "CC BY (John Garner, Ko Donghwi)" in model.tempo.made_from["source"]
    assert model.slurs.made_from["licences"] == "CC BY-SA 3.0, public domain"
    assert "bits a note" in model.slurs.made_from["figures"]
    assert INCLUDED.stat().st_size < 100_000
    assert as_json(model) == INCLUDED.read_text()


def test_the_included_bundle_holds_the_included_table() -> None:
    # Else: playbach-convert performer BUNDLE -o BUNDLE --force
    assert read_bundle(default_bundle_path()).performer == included()


def test_a_table_is_written_as_it_is_read() -> None:
    model = performer_in(json.dumps(table()).encode())
    assert performer_in(as_json(model).encode()) == model


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not JSON"),
        (b"[" * 5000, "not JSON"),
        (b" " * 200_001, "larger than the 200,000 bytes"),
        ([], "it must be an object"),
        (table(format=1), "the format of the table, 2"),
        (table(tempo__constant="much"), "tempo.constant"),
        (table(tempo__constant=1e300), "-1,000 to 1,000"),
        (table(tempo__rules={"loudness": 1}), '"loudness": it must be one of the features'),
        (table(tempo__rules={"chord": True}), "tempo.rules.chord true"),
        (table(tempo__trees=[["chord", 0, 1]]), "a tree is a list of 4"),
        (table(tempo__trees=[deep(4)]), "at most 3 deep"),
        (table(tempo__trees=[1] * 1001), "1001 members"),
        (table(slurs__weights={"share": 1}), "a number for each of"),
        (table(slurs__weights=dict.fromkeys(FEATURES, 101)), "-100 to 100"),
        (table(slurs__spread=-1), "slurs.spread -1"),
        (table(bowing=1), 'unknown key "bowing"'),
    ],
)
def test_what_is_no_table_is_refused(content: Any, why: str, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(InputError, match=why) as refused:
        read_performer(path)
    assert all(line.startswith(f"{path}: ") for line in refused.value.lines)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_performer(tmp_path / "none.json")
