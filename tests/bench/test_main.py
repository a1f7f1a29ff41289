"""Two results of the bench side by side."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from bench.__main__ import build_parser, main, table, wanted
from bench.report import MACHINE, MEASUREMENTS, Figure, Result, Results, machine, read, run, write
from hypothesis import given
from hypothesis import strategies as st

from playbach.errors import InputError

ONE_NOTE: dict[str, Any] = {"what": "one note", "value": 150.0, "unit": "µs", "goal": ""}
SAVING: dict[str, Any] = {"what": "saving", "value": 4000, "unit": "notes/s", "goal": ""}
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["what", "value", "unit", "machine", "x"]), inner)
    ),
    max_leaves=12,
)


def written(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content))
    return path


def results(tmp_path: Path, name: str, **measurements: Any) -> Path:
    here = dict.fromkeys(MACHINE, "2") | {"CPU": f"that of {name}"}
    content = {of: {"machine": here, "figures": figures} for of, figures in measurements.items()}
    return written(tmp_path / f"{name}.json", content)


def compared(first: Path, second: Path) -> list[str]:
    """The last row of the table: what was measured, then A, B and their ratio."""
    *_, row = table(read(first), read(second))
    return re.split(r"  +", row)[1:]


def test_a_figure_of_both_is_given_as_a_ratio(tmp_path: Path) -> None:
    first = results(tmp_path, "a", note=[ONE_NOTE])
    second = results(tmp_path, "b", note=[ONE_NOTE | {"value": 75.0}])
    assert compared(first, second) == ["one note", "150.000 µs", "75.000 µs", "0.50"]


def test_what_only_one_has_is_listed_without_a_ratio(tmp_path: Path) -> None:
    first = results(tmp_path, "a", note=[])
    second = results(tmp_path, "b", save=[SAVING])
    assert compared(first, second) == ["saving", "-", "4,000.000 notes/s", "-"]


def test_figures_in_other_units_are_not_divided(tmp_path: Path) -> None:
    first = results(tmp_path, "a", note=[ONE_NOTE])
    second = results(tmp_path, "b", note=[ONE_NOTE | {"unit": "ms"}])
    assert compared(first, second) == ["one note", "150.000 µs", "150.000 ms", "-"]


def test_nothing_is_divided_by_nothing(tmp_path: Path) -> None:
    first = results(tmp_path, "a", note=[ONE_NOTE | {"value": 0}])
    second = results(tmp_path, "b", note=[ONE_NOTE])
    assert compared(first, second)[-1] == "-"


def test_what_was_measured_on_several_machines_names_them_all(tmp_path: Path) -> None:
    both = {**read(results(tmp_path, "a", note=[])), **read(results(tmp_path, "b", save=[]))}
    line = next(iter(table(both, {})))
    assert "that of a" in line
    assert "that of b" in line


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("not JSON", "not a result of the bench"),
        ("[" * 200_000, "not a result of the bench"),
        ("[]", "not a result of the bench"),
        ('{"note": 2}', "not a result of the bench"),
        ('{"note": {"machine": {}, "figures": []}}', "('CPU')"),
        (" " * 2_000_000, "larger than 1 MiB"),
    ],
)
def test_a_file_that_is_no_result_is_a_mistake_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, reason: str
) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(content)
    assert main(["compare", str(results(tmp_path, "a")), str(wrong)]) == 2
    said = capsys.readouterr().err
    assert reason in said
    assert said.count("\n") == 1


def test_a_missing_file_is_a_mistake_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@given(JSON)
def test_any_json_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: object
) -> None:
    path = written(tmp_path_factory.getbasetemp() / "any.json", content)
    found: Results = {}
    with contextlib.suppress(InputError):
        found = read(path)
    assert all("\n" not in line.strip() for line in table(found, {}))


def test_what_a_measurement_writes_is_what_the_bench_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, figure = tmp_path / "figures.json", Figure("one note", 150.0, "µs", "under 200")
    monkeypatch.setattr(sys, "argv", ["bench", "--json", str(out)])
    run("train", lambda _: [figure])
    figures = tuple(Figure(**row) for row in json.loads(out.read_text()))
    write(tmp_path / "all.json", {"train": Result(machine(), figures)})
    found = read(tmp_path / "all.json")["train"]
    assert found.figures == (figure,)
    assert {"CPU", "cores", "load", "system", "Python", "playbach", "date"} <= found.machine.keys()


def test_a_measurement_taken_again_replaces_its_figures_and_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = results(tmp_path, "kept", save=[SAVING], note=[ONE_NOTE])
    again = Figure("one note", 75.0, "µs", "")
    monkeypatch.setattr("bench.__main__.measured", lambda *_: [again])
    assert main(["note", "--json", str(kept)]) == 0
    found = read(kept)
    assert list(found) == ["note", "save"]
    assert found["note"].figures == (again,)
    assert found["save"].figures == (Figure(**SAVING),)


def test_what_could_not_be_measured_leaves_the_figures_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = results(tmp_path, "kept", note=[ONE_NOTE])
    monkeypatch.setattr("bench.__main__.measured", lambda *_: None)
    assert main(["note", "save", "--json", str(kept)]) == 1
    assert "not measured: note, save" in capsys.readouterr().out
    assert read(kept)["note"].figures == (Figure(**ONE_NOTE),)


def test_what_takes_long_is_measured_only_when_it_is_asked_for() -> None:
    parse = build_parser().parse_args
    assert "soak" not in wanted(parse([]))
    assert wanted(parse(["soak", "note", "soak"])) == ["soak", "note"]
    assert wanted(parse(["--all"])) == list(MEASUREMENTS)


def test_a_measurement_that_does_not_exist_is_a_mistake_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["speed"])
    said = capsys.readouterr().err
    assert "no measurement 'speed'; there are bits, " in said
    assert said.count("\n") == 1
