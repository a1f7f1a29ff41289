"""Independent jobs: in processes of this machine or on a Dask cluster, and none of them twice.

joblib runs them, here and there (docs/decisions/several-machines.md).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playbach.errors import InputError, OutputError
from playbach_train.corpus import Say
from playbach_train.runs.checkpoint import Arrays, load_arrays, save_arrays

_ALONE = {
    # A process a core: threads of theirs would be in each other's way.
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    # Several processes share a GPU.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
}


@dataclass(frozen=True)
class Task:
    """A job to be done."""

    name: str  # for the user
    key: str  # a digest of all that the result depends on; names the file that keeps it
    given: Any  # what the work is done with; it can be pickled


@dataclass(frozen=True)
class Runner:
    """Where jobs are done."""

    jobs: int = 1  # processes of this machine; 1 is this one
    cluster: str | None = None  # address of a Dask scheduler, whose workers do them instead
    folder: Path | None = None  # keeps results; what is there is not done again

    def results(
        self, work: Callable[[Any], Arrays], tasks: Sequence[Task], say: Say
    ) -> list[Arrays]:
        """What ``work`` gives of each task, in their order; kept as soon as it is there.

        Args:
            work: a function of a module.
            tasks: with different names.
            say: receives a line for each.

        Raises:
            InputError: there is no such cluster, or a kept result is damaged.
            OutputError: a result cannot be kept.
        """
        found = {task.name: kept for task in tasks if (kept := self._kept(task)) is not None}
        for name in found:
            say(f"{name}: kept from before")
        left = [task for task in tasks if task.name not in found]
        by_name = {task.name: task for task in left}
        for name, arrays in self._done(work, left):
            if self.folder is not None:
                save_arrays(self._file(by_name[name]), arrays, {"name": name})
            found[name] = arrays
            say(f"{name}: done")
        return [found[task.name] for task in tasks]

    def _file(self, task: Task) -> Path:
        assert self.folder is not None  # noqa: S101 for the type checker
        return self.folder / f"{task.key}.npz"

    def _kept(self, task: Task) -> Arrays | None:
        if self.folder is None:
            return None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be made: {error.strerror}") from error
        return load_arrays(self._file(task))[0] if self._file(task).exists() else None

    def _done(
        self, work: Callable[[Any], Arrays], tasks: Sequence[Task]
    ) -> Iterator[tuple[str, Arrays]]:
        from joblib import Parallel, delayed  # noqa: PLC0415 only where there are jobs

        jobs = max(min(self.jobs, len(tasks)), 1)
        several = jobs > 1 or self.cluster is not None
        with self._joined():
            # On a cluster there are as many as it has workers.
            parallel = Parallel(
                n_jobs=None if self.cluster else jobs, return_as="generator_unordered"
            )
            yield from parallel(delayed(_named)(work, task, several=several) for task in tasks)

    @contextmanager
    def _joined(self) -> Iterator[None]:
        if self.cluster is None:
            yield
            return
        from joblib import parallel_config  # noqa: PLC0415 as above

        try:
            from distributed import Client  # noqa: PLC0415 who has no cluster does without
        except ImportError as error:
            raise InputError(
                "--cluster: Dask is missing (pip install 'dask[distributed]')"
            ) from error
        try:
            client = Client(self.cluster, timeout="10s")
        except (OSError, ValueError) as error:
            raise InputError(
                f"--cluster {self.cluster}: no Dask scheduler answers there; start one with dask "
                "scheduler, and give its address, such as tcp://host:8786"
            ) from error
        with client, parallel_config(backend="dask"):
            yield


def _named(work: Callable[[Any], Arrays], task: Task, *, several: bool) -> tuple[str, Arrays]:
    if several:
        os.environ.update(_ALONE | os.environ)
    return task.name, work(task.given)
