"""Weights and records as files: whole, exact, and nothing in them is executed."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playbach.errors import InputError, OutputError
from playbach.music.encoding import DEFAULT_ENCODING
from playbach_train.copying.config import CopyingConfig
from playbach_train.networks.table import load_run
from playbach_train.runs.checkpoint import MAX_CHECKPOINT_BYTES, load_arrays, save_arrays
from playbach_train.runs.run import (
    BOARD,
    CHECKPOINT,
    CONFIG,
    CURVES,
    HISTORY,
    NETWORK,
    RECORD,
    check_folder,
    read_json,
    start_run,
)

ARRAYS = {
    "lstm_0/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "optimizer/0": np.array(7),
    "seeds": np.array([1, 2**32 - 1], np.uint32),
}


def test_arrays_and_notes_come_back_as_they_were(tmp_path: Path) -> None:
    save_arrays(tmp_path / "a.npz", ARRAYS, {"epoch": 3, "bits": 2.5})
    arrays, notes = load_arrays(tmp_path / "a.npz")
    assert notes == {"epoch": 3, "bits": 2.5}
    assert arrays.keys() == ARRAYS.keys()
    for name, values in ARRAYS.items():
        assert arrays[name].dtype == values.dtype
        assert arrays[name].tolist() == values.tolist()


def pickled() -> bytes:
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {"notes.json": np.array([{}], dtype=object)}
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def with_notes(text: bytes) -> bytes:
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {"notes.json": np.frombuffer(text, np.uint8)}
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def whole(tmp_path: Path) -> bytes:
    save_arrays(tmp_path / "whole.npz", ARRAYS, {})
    return (tmp_path / "whole.npz").read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"PK", b"PK\x03\x04 no zip", pickle.dumps({}), pickled(), with_notes(b"[1]"),
        with_notes(b"{"), with_notes(b"\xff"),
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_one_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged, or not a checkpoint") as caught:
        load_arrays(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9, 0.99])
def test_a_checkpoint_cut_short_is_one_error(tmp_path: Path, place: float) -> None:
    content = whole(tmp_path)
    path = tmp_path / "a.npz"
    path.write_bytes(content[: int(len(content) * place)])
    with pytest.raises(InputError, match="damaged, or not a checkpoint"):
        load_arrays(path)


def test_a_checkpoint_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with path.open("wb") as file:
        file.truncate(MAX_CHECKPOINT_BYTES + 1)
    with pytest.raises(InputError, match="larger than 512 MiB; not a checkpoint"):
        load_arrays(path)


def test_starting_a_run_leaves_nothing_of_the_one_before(tmp_path: Path) -> None:
    for name in (CHECKPOINT, NETWORK, HISTORY, CURVES, RECORD, CONFIG):
        (tmp_path / name).write_bytes(b"old")
    (tmp_path / BOARD).mkdir()
    (tmp_path / BOARD / "events").touch()
    (tmp_path / "notes.txt").write_text("mine")
    start_run(tmp_path, CopyingConfig(), DEFAULT_ENCODING, {"command": "x"})
    assert sorted(p.name for p in tmp_path.iterdir()) == [CONFIG, "notes.txt", RECORD]
    record = read_json(tmp_path / RECORD)
    assert record["command"] == "x"
    assert record["encoding"]["widest"] == DEFAULT_ENCODING.widest


def test_a_run_comes_back_with_its_encoding_and_configuration(tmp_path: Path) -> None:
    start_run(tmp_path, CopyingConfig(), DEFAULT_ENCODING, {"command": "x"})
    save_arrays(tmp_path / NETWORK, ARRAYS, {"epoch": 1})
    run = load_run(tmp_path)
    assert (run.config, run.encoding) == (CopyingConfig(), DEFAULT_ENCODING)
    assert run.scores == {"epoch": 1}


def test_a_folder_that_cannot_hold_a_run_is_found_and_none_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check_folder(tmp_path)
    check_folder(tmp_path / "new" / "run")
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(OutputError, match="this is a file; give the name of a folder"):
            check_folder(folder)
        with pytest.raises(
            OutputError, match=r"cannot be made: .*; give another folder with --run"
        ):
            start_run(folder, CopyingConfig(), DEFAULT_ENCODING, {})
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000, b"NaN x"])
def test_a_record_that_is_no_json_is_one_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / RECORD
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"not JSON .*; train again") as caught:
        read_json(path)
    assert "\n" not in str(caught.value)
