"""Whatever is wrong with what ``playbach-train`` is given is one line, and nothing is written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from playbach.errors import OutputError
from playbach_train.cli import main
from playbach_train.config import to_toml
from playbach_train.copying.config import CopyingConfig
from playbach_train.runs.checkpoint import save_arrays
from playbach_train.runs.run import CHECKPOINT, CONFIG, RECORD


class Refusal:
    """Runs ``playbach-train`` with words that must be refused."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys = capsys
        self._folder = folder

    def __call__(self, *words: str | Path) -> str:
        before = self._files()
        try:
            status: object = main([str(word) for word in words])
        except SystemExit as stop:
            status = stop.code
        error = self._capsys.readouterr().err
        assert status == 2, error
        assert error.startswith("playbach-train")
        assert error.count("\n") == 1, error
        assert self._files() == before
        return error

    def _files(self) -> dict[Path, int | None]:
        # Trying whether a folder can be written to changes its own time.
        places = self._folder.rglob("*")
        return {path: path.stat().st_mtime_ns if path.is_file() else None for path in places}


@pytest.fixture
def refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Refusal:
    monkeypatch.chdir(tmp_path)
    return Refusal(capsys, tmp_path)


def test_nothing_to_train_on_is_refused(refused: Refusal, tmp_path: Path) -> None:
    assert "nothing to train on; give --midi DIR or --corpus NAME" in refused()
    assert "nowhere" in refused("--midi", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "no music in" in refused("--midi", tmp_path / "empty")
    assert "'bach'" in refused("--corpus", "bach")


def test_a_folder_without_a_readable_score_is_refused(refused: Refusal, tmp_path: Path) -> None:
    (tmp_path / "broken.mid").write_bytes(b"MThd and no more")
    assert "1 scores could not be read" in refused("--midi", tmp_path)


def test_a_first_word_that_is_no_command_is_named_beside_those_there_are(refused: Refusal) -> None:
    assert "COMMAND: invalid choice: 'trian' (choose from" in refused("trian", "--resume")


def test_a_network_that_is_not_cross_validated_is_refused_in_a_line(tmp_path: Path) -> None:
    # In a process of its own, where TensorFlow has yet to be imported.
    script = "import sys; from playbach_train.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", script, "cross-validate", "--network", "gan"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "only the network copying is cross-validated" in done.stderr
    assert done.stderr.count("\n") == 1


def test_one_movement_cannot_be_split(refused: Refusal, scores: Path, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    shutil.copy(next(scores.glob("*.mid")), tmp_path / "one")
    message = refused("--midi", tmp_path / "one")
    assert "at least 2 different movements are needed to hold one out" in message


OPTIONS = {
    (
        "--network.units",
        "nan",
    ): "command line: network.units nan: it must be a whole number, 1 to 2,048",
    ("--network.units", "x"): "network.units x: it must be a whole number, 1 to 2,048",
    ("--training.learning_rate", "nan"): "training.learning_rate nan: it must be 1e-07 to 1",
    ("--training.mixed_precision", "2"): "training.mixed_precision 2: it must be true or false",
    ("--network.unit", "3"): "unrecognized arguments: --network.unit 3",
    ("--nonsense",): "unrecognized arguments: --nonsense; see",
    ("trian",): "unrecognized arguments: trian",
    ("--resume", "--force"): "not allowed with argument --resume",
    ("--fold", "1"): "--fold 1: write two numbers, such as 1/5",
    ("--fold", "0/3"): "--fold 0/3: the first number must be from 1 to 3",
    ("--fold", "1/100"): "100 folds: there must be from 2 to 6",
    ("--fold", "1/" + "9" * 5000): ": write two numbers, such as 1/5",
    ("--hold-out", "xyz*"): "--hold-out xyz*: matches 0 of 6 movements",
    ("--hold-out", "*"): "--hold-out *: matches 6 of 6 movements",
    ("--limit", "0"): "--limit 0: it must be at least 1",
    ("--resume",): "no checkpoint to go on from; leave out --resume",
    (
        "--config",
        "nowhere.toml",
    ): "nowhere.toml: cannot be read: No such file or directory; give a TOML file",
}


@pytest.mark.parametrize("words", OPTIONS, ids=lambda words: " ".join(words)[:30])
def test_an_option_outside_what_is_allowed_is_refused(
    refused: Refusal, scores: Path, words: tuple[str, ...]
) -> None:
    assert OPTIONS[words] in refused("--midi", scores, *words)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[training\n", "run.toml:1: not TOML"),
        ("[network]\nunts = 3\n", 'there is no "network.unts" (did you mean network.units?)'),
        ("[training]\nlearning_rate = nan\n", "training.learning_rate NaN: it must be 1e-07 to 1"),
    ],
)
def test_a_bad_configuration_is_refused(
    refused: Refusal, scores: Path, tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "run.toml").write_text(text)
    assert message in refused("--midi", scores, "--config", "run.toml")


def test_a_place_that_cannot_hold_a_run_is_refused(
    refused: Refusal, scores: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for run in (tmp_path / "file", tmp_path / "file" / "run"):
        assert f"{tmp_path}/file: this is a file; give" in refused("--midi", scores, "--run", run)


@pytest.fixture
def started(scores: Path, tmp_path: Path) -> Path:
    """A folder that looks like a run of these scores, without the training."""
    run = tmp_path / "run"
    run.mkdir()
    (run / CONFIG).write_text(to_toml(CopyingConfig()))
    (run / RECORD).write_text(json.dumps({"training": ["other"], "held_out": [], "music": ""}))
    save_arrays(run / CHECKPOINT, {}, {"history": []})
    assert scores
    return run


@pytest.mark.parametrize("is_there", [False, True])
def test_a_run_that_cannot_be_kept_leaves_nothing_behind(
    refused: Refusal, scores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    def full(*_: object) -> None:
        raise OutputError("scores.npz: cannot be written: No space left on device")

    monkeypatch.setattr("playbach_train.commands.train.keep_scores", full)
    if is_there:
        (tmp_path / "run").mkdir()
    assert "No space left" in refused("--midi", scores, "--run", tmp_path / "run")


def test_an_existing_run_is_neither_replaced_nor_resumed_unasked(
    refused: Refusal, scores: Path, started: Path
) -> None:
    message = refused("--midi", scores, "--run", started)
    assert "holds a run; give --resume to go on with it, --force to replace it" in message


def test_a_run_is_not_resumed_with_other_values(
    refused: Refusal, scores: Path, started: Path
) -> None:
    words = ("--midi", scores, "--run", started, "--resume", "--training.seed", "2")
    assert "leave out other values" in refused(*words)


def test_a_run_is_not_resumed_on_other_scores(
    refused: Refusal, scores: Path, started: Path
) -> None:
    message = refused("--midi", scores, "--run", started, "--resume")
    assert "the movements are not those of" in message
    assert "give the same scores, and the same --hold-out or --fold" in message


def test_a_run_is_not_resumed_where_a_note_of_a_score_has_changed(
    refused: Refusal, finished: Path, scores: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "scores"
    shutil.copytree(scores, changed)
    shutil.copytree(finished, tmp_path / "run")
    content = bytearray((changed / "5-menuet.mid").read_bytes())
    at = content.index(b"\x90") + 1
    content[at] += 1
    off = content.index(bytes([0x80, content[at] - 1]))
    content[off + 1] += 1
    (changed / "5-menuet.mid").write_bytes(content)
    message = refused("--midi", changed, "--run", tmp_path / "run", "--resume")
    assert "the movements are not those of" in message


def test_a_run_starts_only_from_another_run_of_the_same_network_and_size(
    refused: Refusal, finished: Path, scores: Path, options: list[str], tmp_path: Path
) -> None:
    words = ("--midi", scores, "--run", tmp_path / "run")
    start = ("--start-from", finished)
    assert "nowhere: no such folder" in refused(*words, *options, "--start-from", "nowhere")
    (tmp_path / "empty").mkdir()
    message = refused(*words, *options, "--start-from", tmp_path / "empty")
    assert "no checkpoint (network.npz) in it" in message
    message = refused(*words, *options, *start, "--network.units", "17")
    assert "its network.units is 16, not 17; give --network.units 16" in message
    message = refused(*words, *start, "--network", "gan")
    assert "holds a run of the network copying, not of gan; give --network copying" in message
    message = refused("--midi", scores, "--run", finished, "--force", *options, *start)
    assert "that is the run to be written" in message


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_damaged_record_is_refused(
    refused: Refusal, scores: Path, started: Path, content: bytes
) -> None:
    (started / RECORD).write_bytes(content)
    message = refused("--midi", scores, "--run", started, "--resume")
    assert "run.json: not " in message


def test_a_checkpoint_of_other_sizes_is_refused(
    finished: Path, scores: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    config = (run / CONFIG).read_text()
    (run / CONFIG).write_text(config.replace("units = 16", "units = 17"))
    assert main(["--midi", str(scores), "--run", str(run), "--resume"]) == 2
    assert "checkpoint.npz: made with other hyperparameters" in capsys.readouterr().err


def test_a_score_that_cannot_be_read_is_named_counted_and_left_out(
    scores: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "scores"
    shutil.copytree(scores, folder)
    (folder / "broken.mid").write_bytes(b"MThd and no more")
    # Refused only after all have been read, by the run that cannot be held there.
    words = ["--midi", str(folder), "--run", str(tmp_path / "run"), "--hold-out", "zzz"]
    assert main(words) == 2
    said = capsys.readouterr().out
    assert "skipped " in said
    assert "broken.mid" in said
    assert "6 movements, " in said
    assert "1 skipped" in said


def test_mistakes_in_a_shell_are_found_without_loading_keras(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from playbach_train.cli import main\n"
        "status = main(['--midi', 'nowhere'])\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'matplotlib', 'music21'}\n"
        "print(status, sorted(heavy & sys.modules.keys()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "2 []"
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="closes a file descriptor before the start")
def test_help_is_given_where_there_is_no_standard_error(tmp_path: Path) -> None:
    train = Path(__file__).parents[3] / "train" / "train.py"
    words = [sys.executable, str(train), "survey", "--help"]
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh", *words],
        cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("usage: ")
