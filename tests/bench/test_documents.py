"""The figures that documents quote are those that were measured, and can be repeated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bench.__main__ import main
from bench.documents import (
    BEGIN,
    PAGE,
    RESULTS,
    ROOT,
    filled_in,
    number,
    page,
    quoted,
    tables,
    with_table,
)
from bench.report import MEASUREMENTS, OPTIONS, Figure, Result, read

from playbach.errors import InputError

FIGURE = Figure("one note", 148.7, "µs", "under 150")
TAKEN = {"note": Result({"CPU": "x"}, (FIGURE,))}
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
REMAKE = "run: .venv-dev/bin/python -m bench.documents"


def test_every_measurement_has_figures() -> None:
    results = read(RESULTS)
    assert list(results) == list(MEASUREMENTS)
    assert all(taken.figures for taken in results.values())


@pytest.mark.parametrize("name", tables())
def test_a_table_says_what_was_measured(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == with_table(name, read(RESULTS)), REMAKE


def test_the_page_says_all_that_was_measured() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(read(RESULTS)), REMAKE


def test_no_table_is_left_to_hand() -> None:
    made = [path for path in DOCUMENTS if BEGIN in path.read_text(encoding="utf-8")]
    assert {path.relative_to(ROOT).as_posix() for path in made} == set(tables())


def test_every_measurement_has_a_figure_in_the_readme() -> None:
    assert quoted(tables()["README.md"]) == set(MEASUREMENTS)


@pytest.mark.parametrize("name", tables())
def test_a_row_names_the_command_that_prints_its_figures(name: str) -> None:
    for row in tables()[name].splitlines()[2:]:
        (of,) = quoted(row)
        assert row.endswith(f" | `make bench ARGS={of}` |")


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_every_measurement_is_a_program_that_takes_its_options(name: str) -> None:
    source = (ROOT / "bench" / f"{name}.py").read_text(encoding="utf-8")
    assert 'if __name__ == "__main__":' in source
    assert set(MEASUREMENTS[name].options) <= set(OPTIONS)


def test_a_figure_stands_in_its_cell_as_the_format_says() -> None:
    row = "| time, {note/one note:goal} | {note/one note:.0f} µs, {note/one note:.2f} |"
    assert filled_in(row, TAKEN) == "| time, under 150 | 149 µs, 148.70 |"


def test_a_table_names_the_machines_of_its_own_figures_only() -> None:
    results = dict(read(RESULTS))
    machine = {**results["note"].machine, "CPU": "another"}
    results["note"] = Result(machine, results["note"].figures)
    assert "of another, " in with_table("README.md", results)
    clock = with_table("docs/explanation/exact-clock.md", results)
    assert clock == with_table("docs/explanation/exact-clock.md", read(RESULTS))


@pytest.mark.parametrize("other", ["--bundle", "--midi"])
def test_what_documents_do_not_tell_of_is_not_recorded(
    other: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = RESULTS.read_bytes()
    assert main(["note", "--record", other, "other"]) == 2
    assert "leave out --bundle, --midi and --lines" in capsys.readouterr().err
    assert RESULTS.read_bytes() == before


def test_what_was_not_measured_is_said_before_documents_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "measurements.json"
    monkeypatch.setattr("bench.documents.RESULTS", kept)
    monkeypatch.setattr("bench.__main__.measured", lambda *_: None)
    assert main(["note", "--record"]) == 2
    said = capsys.readouterr()
    assert "not measured: note" in said.out
    assert "no figure" in said.err
    assert not kept.exists()


@pytest.mark.parametrize("cell", ["{note/two notes:.0f}", "{soak/one note:.0f}"])
def test_a_figure_that_was_not_measured_is_a_mistake_in_one_line(cell: str) -> None:
    with pytest.raises(
        InputError, match=r"no figure '\w+ notes?' of \w+; run: python -m bench \w+"
    ):
        filled_in(cell, TAKEN)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1_000_000, "1,000,000"), (5712.4, "5,712"), (148.74, "148.7"), (62.11, "62.11"),
        (0.0904, "0.090"), (-0.06, "-0.060"), (-0.00001, "0.000"), (0, "0"),
    ],
)  # fmt: skip
def test_a_number_has_no_more_digits_than_it_can_bear(value: float, shown: str) -> None:
    assert number(Figure("x", value, "")) == shown


def test_pages_name_only_measurements_that_exist() -> None:
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"(?:python -m bench|make bench ARGS=\"?)[ ]?([a-z_]+)", text):
            assert name in {*MEASUREMENTS, "compare"}, f"{path}: {name}"
