"""Two workers on loopback train as one does: ``make test-workers``, a minute.

Not among the tests that always run, for each worker is a process with TensorFlow.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
from tests.fixtures.make_tiny_bundle import tiny_options, write_scores

from playbach_train.runs.checkpoint import load_arrays
from playbach_train.runs.run import CHECKPOINT, NETWORK

PATIENCE = 300
SCRIPT = "import sys; from playbach_train.cli import main; sys.exit(main(sys.argv[1:]))"


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def train(folder: Path, scores: Path, epochs: int, workers: int, *words: str) -> None:
    """One training by so many workers, all of which have to end well."""
    options = tiny_options(training__streams=4, training__epochs=epochs)
    command = [sys.executable, "-c", SCRIPT, "--midi", str(scores), "--run", str(folder)]
    command += [*options, *words, *(["--distribute"] if workers > 1 else [])]
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(workers)]}
    tasks = [{"cluster": cluster, "task": {"type": "worker", "index": n}} for n in range(workers)]
    quiet = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    started = [
        subprocess.Popen(
            command,
            env=os.environ | quiet | {"TF_CONFIG": json.dumps(task)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for task in tasks
    ]
    assert [process.wait(PATIENCE) for process in started] == [0] * workers


def test_two_workers_train_as_one_and_go_on_where_they_stopped(tmp_path: Path) -> None:
    scores = tmp_path / "scores"
    write_scores(scores)
    train(tmp_path / "one", scores, 2, 1)
    train(tmp_path / "two", scores, 2, 2)
    kept = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == kept
    for name in (NETWORK, CHECKPOINT):
        one, two = (load_arrays(tmp_path / run / name)[0] for run in ("one", "two"))
        assert one.keys() == two.keys()
        for key, values in one.items():
            np.testing.assert_allclose(two[key], values, rtol=1e-3, atol=1e-4, err_msg=key)
    train(tmp_path / "two", scores, 2, 2, "--resume")
