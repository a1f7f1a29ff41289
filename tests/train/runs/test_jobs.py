"""Independent jobs: where they are done, and that none is done twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playbach.errors import InputError
from playbach_train.runs.checkpoint import Arrays
from playbach_train.runs.jobs import Runner, Task

TASKS = [Task(f"job-{n}", f"{n:064}", {"number": np.array([n])}) for n in range(3)]


def never(given: Any) -> Arrays:
    raise AssertionError(given)


def test_results_are_kept_and_come_in_the_order_of_the_tasks(tmp_path: Path) -> None:
    said: list[str] = []
    runner = Runner(jobs=2, folder=tmp_path / "kept")
    found = runner.results(dict, TASKS, said.append)
    assert [int(arrays["number"][0]) for arrays in found] == [0, 1, 2]
    assert sorted(said) == ["job-0: done", "job-1: done", "job-2: done"]
    assert runner.results(never, TASKS, said.append) == found
    assert said[3:] == [f"job-{n}: kept from before" for n in range(3)]
    changed = Task("job-1", "another", {"number": np.array([7])})
    assert Runner(folder=tmp_path / "kept").results(dict, [changed], said.append) == [changed.given]


def test_a_cluster_that_does_not_answer_is_said_in_a_line() -> None:
    with pytest.raises(InputError, match="--cluster"):
        Runner(cluster="tcp://127.0.0.1:1").results(dict, TASKS, lambda _: None)
