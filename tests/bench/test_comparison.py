"""The networks side by side."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the packages of training")
pytest.importorskip("verovio", reason="verovio, which engraves, is not installed")

from bench.comparison import __main__ as command
from bench.comparison import runs
from bench.comparison.measuring import SECONDS, page_png, sample, shortened
from bench.comparison.page import BASELINE, GROUPS, REAL, with_tables
from bench.comparison.predicting import check_unseen, lookup, pooled
from bench.comparison.runs import ending, seconds
from bench.comparison.studies import STUDIES, Study
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.record_writer import RecordWriter
from tests.fixtures.make_tiny_bundle import LICENCE, TINY_BUNDLE, write_scores
from tests.train.report.pieces import piece

from playbach.bundle import read_bundle
from playbach.errors import InputError
from playbach.music.encoding import DEFAULT_ENCODING
from playbach.music.note import Piece
from playbach_train.networks.table import NETWORKS
from playbach_train.networks.windowed import WINDOWED
from playbach_train.runs.run import BOARD, HISTORY, Run, start_run, write_json

FOLDER = command.DOCS / command.FOLDER
MOST_BYTES = 150_000
ENGRAVES = pytest.mark.skipif(
    shutil.which("rsvg-convert") is None, reason="needs rsvg-convert: apt install librsvg2-bin"
)
OPTIONS = {
    "network.window": 8, "network.units": 6, "network.layers": 1, "training.epochs": 1,
    "training.batch": 16, "training.held_out": 0.3, "training.random_windows": "true",
}  # fmt: skip


def committed() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / command.KEPT).read_text())
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study]:
    """A page made from a study of one network, a few scores and no time."""
    folder = tmp_path_factory.mktemp("comparison")
    write_scores(folder / "scores", bars=24)
    words = tuple(word for name, value in OPTIONS.items() for word in (f"--{name}", str(value)))
    study = Study(
        prefix="",
        corpora=(str(folder / "scores"),),
        measured=("3-courante",),
        kept_back=(),
        networks=("windowed",),
        forms=("prelude", "allemande", "sarabande", "gigue"),
        options={"windowed": words},
        licence=LICENCE,
    )
    with pytest.MonkeyPatch.context() as patch:
        put_in_place(study, patch)
        assert compare(folder) == 0
    return folder, study


@pytest.fixture
def tiny(made: tuple[Path, Study], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its folder, the study being the only one there is."""
    folder, study = made
    put_in_place(study, monkeypatch)
    return folder


def put_in_place(study: Study, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command, "STUDIES", {"bach": study})
    # There are too few notes to calibrate int8 on.
    patch.setattr(runs, "VARIANTS", "dynamic")


def compare(folder: Path, *words: str) -> int:
    return command.main(["--runs", str(folder / "runs"), "--out", str(folder), *words])


def figures_in(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / command.FOLDER / command.KEPT).read_text())
    return found


@ENGRAVES
def test_one_command_trains_converts_measures_and_writes(tiny: Path) -> None:
    row = figures_in(tiny)["bach"]["rows"]["windowed"]
    assert list(row["held_out"]["movements"]) == ["3-courante"]
    assert row["training"]["epochs"] == 1
    assert row["time"]["own"] > 0
    assert row["time"]["step"] > 0
    assert row["composed"]["notes"] > 0
    assert 0 <= row["leakage"]["lookup"]["held_out"] <= 1
    assert (tiny / command.FOLDER / "windowed.mid").stat().st_size > 100
    assert (tiny / command.FOLDER / "windowed.png").read_bytes().startswith(b"\x89PNG")
    text = (tiny / command.PAGE).read_text()
    assert "(comparison/windowed.mid)" in text
    assert "| windowed | 1 | 1 | all 1 epochs |" in text


@ENGRAVES
def test_what_is_done_is_not_done_again(tiny: Path) -> None:
    files = [
        tiny / "runs" / "windowed" / HISTORY, tiny / "runs" / "windowed.bundle",
        tiny / command.FOLDER / "windowed.mid", tiny / command.FOLDER / command.KEPT,
    ]  # fmt: skip
    before = [path.stat().st_mtime_ns for path in files]
    assert compare(tiny) == 0
    assert [path.stat().st_mtime_ns for path in files] == before


@ENGRAVES
def test_a_run_that_is_not_finished_is_one_line(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "runs" / "windowed"
    shutil.copytree(tiny / "runs" / "windowed", run)
    more = (run / "config.toml").read_text().replace("epochs = 1", "epochs = 2")
    (run / "config.toml").write_text(more)
    assert ending(run) is None
    assert compare(tmp_path, "--no-train") == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "its training is not finished" in said


def test_the_page_has_a_column_for_every_network_and_no_other() -> None:
    text = (command.DOCS / command.PAGE).read_text()
    header = next(line for line in text.splitlines() if line.startswith("|"))
    columns = [cell.strip() for cell in header.strip("|").split("|")]
    assert columns == ["", *NETWORKS, BASELINE, REAL], "run: make compare"


def test_the_tables_of_the_page_say_what_the_figures_say() -> None:
    text = (command.DOCS / command.PAGE).read_text()
    assert text == with_tables(text, committed()), "run: make compare"


def test_a_mark_of_no_table_is_a_mistake_in_one_line() -> None:
    text = "<!-- made by: make compare: bach tabel -->\n<!-- end of what is made -->"
    with pytest.raises(InputError, match="the page asks for bach tabel: there are bach, ballads"):
        with_tables(text, committed())


def test_the_page_says_what_every_measure_means() -> None:
    page = (command.DOCS / command.PAGE).read_text()
    text = page.partition("## What each line says")[2]
    said = re.findall(r"\*([^*\n]+)\*(?=[,:])", text)
    titles = [measure.title for group in GROUPS.values() for measure in group]
    assert [title for title in said if title in titles] == titles


def test_every_row_has_a_sample_of_modest_size_and_a_page_of_it() -> None:
    for title in STUDIES:
        for name in committed().get(title, {}).get("rows", {}):
            assert 100 < (FOLDER / f"{name}.mid").stat().st_size < MOST_BYTES
            assert 1_000 < (FOLDER / f"{name}.png").stat().st_size < MOST_BYTES


def test_the_figures_name_no_place_on_the_machine_they_are_from() -> None:
    assert '"/' not in (FOLDER / command.KEPT).read_text()


@pytest.mark.parametrize("name", ["", "timed", "phrases"])
def test_the_same_seed_gives_the_same_sample(symbol_bundles: Path, name: str) -> None:
    path = symbol_bundles / f"{name}.bundle" if name else TINY_BUNDLE
    first, second, other = (sample(read_bundle(path), seed) for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_a_sample_ends_with_a_bar_and_lasts_as_long_as_was_said() -> None:
    placed = sample(read_bundle(TINY_BUNDLE))
    short = shortened(placed, 5.0)
    meter = short.piece.meters[0][1]
    per_bar = meter.bar_ticks / meter.beat_ticks / placed.tempo * 60
    lasts = (short.length - short.piece.pickup) / meter.bar_ticks * per_bar
    assert 5.0 - per_bar <= lasts < 5.0 + per_bar
    assert max(note.end for note in short.piece.notes) <= short.length
    assert placed.length / meter.beat_ticks / placed.tempo * 60 < SECONDS + per_bar


@ENGRAVES
def test_a_page_is_the_same_each_time() -> None:
    placed = shortened(sample(read_bundle(TINY_BUNDLE)), 5.0)
    assert page_png(placed) == page_png(placed)


def tune(*pitches: int) -> Piece:
    return piece(*((12 * n, pitch, 12) for n, pitch in enumerate(pitches)))


def test_a_lookup_table_knows_what_it_has_seen_and_no_other_music() -> None:
    learned = tune(*(60 + n % 7 for n in range(200)))
    other = tune(*(80 + n % 5 for n in range(9)))
    found = lookup([learned], [learned], window=12)
    assert found["random_windows"] > 0.8
    assert found["held_out"] > 0.8
    assert lookup([learned], [other], window=12)["held_out"] < 0.4


def test_music_that_comes_twice_is_known_to_a_lookup_table() -> None:
    wild = tune(*np.random.default_rng(1).integers(40, 80, 150).tolist())
    once, twice = (lookup([wild], [], 12, times=times)["random_windows"] for times in (1, 2))
    assert once < 0.2
    assert twice > 0.7


def test_bits_are_pooled_over_symbols_and_given_by_note_and_quarter() -> None:
    part = {"top1": 0.5}
    one = {"symbols": 10, "notes": 20, "quarters": 5.0, "unknown": 0.0}
    two = {"symbols": 30, "notes": 20, "quarters": 15.0, "unknown": 0.4}
    movements = {
        "a": {"parts": {"symbols": {"bits": 4.0} | part, "ticks": {"bits": 1.0} | part}} | one,
        "b": {"parts": {"symbols": {"bits": 2.0} | part, "ticks": {"bits": 1.0} | part}} | two,
    }
    found = pooled({"rhythm": "part", "movements": movements}, movements)
    assert found
    assert found["pitch"] == pytest.approx(100 / 40)
    assert found["all"] == pytest.approx(140 / 40)
    assert found["per_quarter"] == pytest.approx(140 / 20)
    assert found["unknown"] == pytest.approx(0.3)
    assert pooled({"rhythm": "part", "movements": movements}, []) is None


def test_the_time_of_a_run_is_that_of_its_sessions_without_what_lies_between(
    tmp_path: Path,
) -> None:
    (tmp_path / BOARD).mkdir()
    for number, session in enumerate(((100.0, 130.0, 160.0), (1000.0, 1025.0))):
        with (tmp_path / BOARD / f"events.out.tfevents.{number}").open("wb") as log:
            writer = RecordWriter(log)
            for moment in session:
                writer.write(Event(wall_time=moment).SerializeToString())
            # A kill may leave half an entry.
            log.write(bytes(9))
    assert seconds(tmp_path) == 85


def test_a_network_is_not_measured_on_what_it_has_seen() -> None:
    record = {"training": ["a"], "held_out": ["b"]}
    run = Run(Path("run"), "windowed", WINDOWED.config, DEFAULT_ENCODING, record, {}, {})
    check_unseen(run, ["b", "c"])
    with pytest.raises(InputError, match="has seen a"):
        check_unseen(run, ["a"])
    run.scores["held_out"] = {"total": 1.0}
    with pytest.raises(InputError, match="has seen b"):
        check_unseen(run, ["b"])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--only", "lstm"], "--only lstm: there are copying, windowed"),
        (["--no-train", "--only", "grid"], "there is no training run"),
    ],
)
def test_a_mistake_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], reason: str
) -> None:
    assert compare(tmp_path, *words) == 2
    said = capsys.readouterr().err
    assert reason in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("totals", "over"),
    [([3.0, 2.0, 2.5], None), ([2.0, 3.0, 2.5, 2.1], "3 epochs without better"), ([9.0] * 60, "")],
)
def test_a_run_is_over_when_its_epochs_or_its_patience_are(
    tmp_path: Path, totals: list[float], over: str | None
) -> None:
    config = WINDOWED.config
    config = type(config)(training=type(config.training)(patience=3))
    start_run(tmp_path, config, DEFAULT_ENCODING, {"network": "windowed"})
    assert ending(tmp_path) is None
    write_json(tmp_path / HISTORY, [{"held_out": {"total": total}} for total in totals])
    assert ending(tmp_path) == ("all 60 epochs" if over == "" else over)
