"""Programs from outside that a format runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from playbach.errors import OutputError
from playbach.save.needs import run_program


def test_a_program_runs_where_and_with_what_it_is_told(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), os.environ['TOLD']); sys.exit('no')"
    command = [sys.executable, "-c", code]
    done = run_program(command, "", 60, folder=tmp_path, environment={"TOLD": "this"})
    assert done.stdout.split() == [str(tmp_path), "this"]
    assert (done.returncode, done.stderr.strip()) == (1, "no")


def test_a_file_that_is_no_program_is_one_line(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\0 this is none")
    program.chmod(0o755)
    with pytest.raises(OutputError, match=r"program does not run: .*; run: apt install it$"):
        run_program([str(program)], "apt install it", 60)


def test_a_program_that_hangs_is_ended_in_one_line() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with pytest.raises(OutputError, match=r" did not end within 1 seconds; ask for fewer notes$"):
        run_program(command, "", 0.6)
