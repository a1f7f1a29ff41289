"""Time for a note against the size of the network, beside a window that is read again."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.figures.picture import Measured, Picture, Sources
from bench.figures.style import BLACK, BLUE, GREEN, ORANGE, canvas, svg

from playbach.bundle import Bundle, read_bundle
from playbach.errors import PlaybachError
from playbach.music.midi_write import midi_bytes
from playbach.music.note import Note, Piece, Pitch, Ticks

UNITS = (48, 96, 192, 384, 768)
VARIANTS = ("float32", "dynamic")
_WEIGHT = re.compile(r"(kernel|recurrent|bias)$")
_SIDES = {
    "window": (ORANGE, "s", "window of 40 notes, float32"),
    "float32": (BLUE, "o", "one step, float32"),
    "dynamic": (GREEN, "D", "one step, int8 weights"),
}


def measure(sources: Sources) -> Measured:
    # Here, because it needs the runtime and TensorFlow, and drawing does not.
    from bench.note import one_note, one_window, window_graph  # noqa: PLC0415

    rows = []
    for units in UNITS:
        with tempfile.TemporaryDirectory() as folder:
            bundle, weights = _network(units, Path(folder))
            print(f"  {units} units, {weights:,} weights", flush=True)
            row: Measured = {"units": units, "weights": weights}
            row |= {name: _us(one_note(bundle, name)) for name in VARIANTS}
            row["window"] = _us(one_window(window_graph(bundle)[0]))
            rows.append(row)
    return {"networks": rows, "others": [_other(path) for path in sources.more]}


def _us(seconds: float) -> float:
    return round(seconds * 1e6, 1)


def _other(path: Path) -> Measured:
    """A bundle of whatever network, run as it plays."""
    from bench.note import one_note  # noqa: PLC0415 as above

    bundle = read_bundle(path)
    sizes = bundle.manifest.network.parameters
    return {"name": str(sizes.get("network", path.stem)), "bytes": path.stat().st_size,
            "microseconds": _us(one_note(bundle))}  # fmt: skip


def _network(units: int, folder: Path) -> tuple[Bundle, int]:
    """The included network in another size, and how many weights take part in a step.

    It has read a few scales once: how fast it is does not depend on what it learned.
    """
    from playbach_convert.cli import main as convert  # noqa: PLC0415 as above
    from playbach_train.cli import main as train  # noqa: PLC0415
    from playbach_train.run import load_run  # noqa: PLC0415

    (scores := folder / "scores").mkdir()
    for number in range(2):
        (scores / f"{number}.mid").write_bytes(midi_bytes(_scales(number), tempo=80))
    run, made = folder / "run", folder / "made.bundle"
    sizes = {"units": units, "embedding": units // 2, "head": units * 2 // 3}
    options = [word for name, size in sizes.items() for word in (f"--network.{name}", str(size))]
    words = [*options, "--training.epochs", "1", "--training.held_out", "0", "--licence", "MIT"]
    with _silent():
        _done(train(["--midi", str(scores), "--run", str(run), *words]))
        variants = ["--quantise", ",".join(VARIANTS), "--drift", "200"]
        _done(convert([str(run), "-o", str(made), *variants]))
    weights = {name: array.size for name, array in load_run(run).weights.items()}
    return read_bundle(made), sum(size for name, size in weights.items() if _WEIGHT.search(name))


def _scales(number: int) -> Piece:
    notes = (
        Note(Ticks(6 * n), Pitch(48 + number + (0, 2, 4, 5, 7, 9, 11, 12)[n % 8]), Ticks(6))
        for n in range(256)
    )
    return Piece(tuple(notes))


def _done(status: int) -> None:
    if status:
        raise PlaybachError("sizes: a network of another size could not be made; see above")


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def draw(measured: Measured) -> bytes:
    rows = measured["networks"]
    figure, axes = canvas(3.8)
    for name, (colour, mark, label) in _SIDES.items():
        times = [row[name] for row in rows]
        axes.plot([row["weights"] for row in rows], times, color=colour, marker=mark, label=label)
    included = next((row for row in rows if row["units"] == 192), None)
    if included:
        _name(axes, included)
    axes.set(
        xscale="log", yscale="log", xlabel="weights that take part in a step",
        ylabel="microseconds per note",
    )  # fmt: skip
    axes.grid(visible=True, axis="both")
    axes.legend()
    return svg(figure)


def _name(axes: Any, included: Mapping[str, Any]) -> None:
    axes.axvline(included["weights"], color=BLACK, linestyle=":", linewidth=1)
    axes.annotate(
        "included", (included["weights"], 1), (4, -4), xycoords=("data", "axes fraction"),
        textcoords="offset points", va="top", size=9,
    )  # fmt: skip


def caption(measured: Measured) -> str:
    last = measured["networks"][-1]
    others = "".join(
        f" {row['name']} takes {row['microseconds']:,.0f} µs a note." for row in measured["others"]
    )
    return (
        "Time from asking the composer for a note to having it (median of 5,000; sampling and the "
        "looking back over 512 notes included), for the included network in five sizes, beside "
        "LSTM layers of the same widths that read their last 40 notes again for each note (median "
        f"of 300 invocations, without sampling). With {last['weights'] / 1e6:.1f} million weights "
        f"the window takes {last['window'] / last['dynamic']:.0f} times as long.{others}"
    )


SIZES = Picture(
    "sizes.svg", "Time per note against the size of the network",
    ("and",), measure, draw, caption,
)  # fmt: skip
