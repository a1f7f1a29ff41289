"""``playbach`` as a program with the variant ``edgetpu``, the library found by its own name.

The library is the stand-in that ``test_edge_tpu.py`` of the predictor tells of.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fixtures.edgetpu.bundles import with_edgetpu
from tests.fixtures.edgetpu.library import DEVICE, NAME, build, c_compiler
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.bundle import read_bundle

ROOT = Path(__file__).parents[3]
PLUGGED = f"""
import os, sys, threading
from pathlib import Path
from tests.fixtures.edgetpu.library import plug
plug(Path({NAME!r}))
if "UNPLUG_AFTER" in os.environ:
    device = Path(os.environ[{DEVICE!r}])
    threading.Timer(float(os.environ["UNPLUG_AFTER"]), device.unlink).start()
from playbach.cli import main
sys.exit(main())
"""
"""``playbach`` after the stand-in was told what runs its graphs."""

pytestmark = pytest.mark.skipif(c_compiler() is None, reason="no C compiler (cc) is installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library and a bundle for it."""
    made = tmp_path_factory.mktemp("edge-tpu")
    build(made)
    with_edgetpu(read_bundle(TINY_BUNDLE), made / "tiny.bundle")
    return made


def playbach(
    folder: Path, *words: str, plugged: bool, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The program, its words followed by the bundle."""
    device = folder / "device"
    device.unlink(missing_ok=True)
    if plugged:
        device.touch()
    command = [sys.executable, "-c", PLUGGED, *words, "--bundle", str(folder / "tiny.bundle")]
    settings = {"LD_LIBRARY_PATH": str(folder), DEVICE: str(device), **environment}
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, check=False
    )


def saved(folder: Path, name: str, *words: str, plugged: bool) -> tuple[bytes, str]:
    """What ``playbach save`` writes, and what it says on standard error."""
    out = folder / f"{name}.mid"
    words = ("save", str(out), "--notes", "60", "--seed", "5", *words)
    done = playbach(folder, *words, plugged=plugged)
    assert done.returncode == 0, done
    return out.read_bytes(), done.stderr


def test_the_same_music_with_and_without_an_edge_tpu(folder: Path) -> None:
    wanted, _ = saved(folder, "int8", "--variant", "int8", plugged=False)
    assert saved(folder, "edgetpu", "--variant", "edgetpu", plugged=True) == (wanted, "")
    found, said = saved(folder, "fallback", "--variant", "edgetpu", plugged=False)
    assert found == wanted
    assert said.count("\n") == 1
    assert said.startswith("no Edge TPU answers libedgetpu.so.1; plug one in")


def test_without_fallback_a_missing_edge_tpu_is_a_mistake_of_one_line(folder: Path) -> None:
    out = folder / "none.mid"
    words = ("save", str(out), "--variant", "edgetpu", "--no-fallback")
    done = playbach(folder, *words, plugged=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("playbach save: no Edge TPU answers libedgetpu.so.1")
    assert not out.exists()


def test_check_says_which_variant_runs(folder: Path) -> None:
    for plugged, variant in ((True, "edgetpu"), (False, "int8")):
        done = playbach(folder, "check", plugged=plugged)
        (line,) = [line for line in done.stdout.splitlines() if " model: " in line]
        assert line.startswith("ok ")
        assert f", {variant} (" in line


def test_the_music_goes_on_when_it_is_unplugged_while_playing(folder: Path) -> None:
    # Music of few notes might have none to compose while it lasts.
    music = ("--seed", "1", "--tempo", "200", "--no-web")
    words = ("play", "--sink", "none", "--seconds", "6", *music)
    done = playbach(folder, *words, plugged=True, UNPLUG_AFTER="2")
    assert done.returncode == 0, done
    assert "; network edgetpu; " in done.stdout
    assert "played " in done.stdout
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("the Edge TPU is gone (")
    assert done.stderr.endswith(": going on with int8, on the processor\n")
