"""A bundle whose parts do not fit together is one clear error, whatever its checksums say."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.fixtures.edited import Edit, Entries, Said, edited, parameter, without_parameter
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE, tiny_piece

from playbach.bundle import Bundle, read_bundle
from playbach.errors import BundleError, InputError
from playbach.music.encoding import encode
from playbach.music.form import parse_form
from playbach.music.key import C_MAJOR
from playbach.predictor import Predictor, load_note_predictor, load_predictor


@pytest.fixture
def rebuilt(tmp_path: Path) -> Callable[[Edit], Bundle]:
    return lambda edit: edited(TINY_BUNDLE, edit, tmp_path)


def part(said: Said, name: str) -> Said:
    return next(row for row in said["parts"] if row["name"] == name)


def other_name(_: Entries, said: Said) -> None:
    part(said, "float32/step.tflite")["inputs"][0]["name"] = "nota"


def other_shape(_: Entries, said: Said) -> None:
    part(said, "float32/pitch.tflite")["outputs"][0]["shape"] = [1, 3]


def other_type(_: Entries, said: Said) -> None:
    part(said, "float32/step.tflite")["inputs"][0]["dtype"] = "int8"


def one_too_many(_: Entries, said: Said) -> None:
    spec = {"name": "extra", "dtype": "float32", "shape": [1]}
    part(said, "float32/duration.tflite")["outputs"].append(spec)


def swapped_graphs(entries: Entries, _: Said) -> None:
    a, b = "float32/pitch.tflite", "float32/duration.tflite"
    entries[a], entries[b] = entries[b], entries[a]


def swapped_roles(_: Entries, said: Said) -> None:
    part(said, "float32/pitch.tflite")["role"] = "other"
    part(said, "float32/duration.tflite")["role"] = "pitch"
    part(said, "float32/pitch.tflite")["role"] = "duration"


def swapped_step(entries: Entries, _: Said) -> None:
    entries["float32/step.tflite"] = entries["float32/duration.tflite"]


def no_graph(entries: Entries, _: Said) -> None:
    noise = random.Random(1).randbytes(5000)
    entries["float32/step.tflite"] = b"\x1c\0\0\0TFL3" + noise


def half_a_graph(entries: Entries, _: Said) -> None:
    entries["float32/pitch.tflite"] = entries["float32/pitch.tflite"][:3000]


def no_pitch_role(_: Entries, said: Said) -> None:
    part(said, "float32/pitch.tflite")["role"] = "pich"


def no_table(entries: Entries, said: Said) -> None:
    said["tables"] = [row for row in said["tables"] if row["name"] != "tables/match.f32"]
    del entries["tables/match.f32"]


def other_table(_: Entries, said: Said) -> None:
    row = next(row for row in said["tables"] if row["name"] == "tables/match.f32")
    row["shape"] = row["shape"][::-1]


def fewer_symbols(_: Entries, said: Said) -> None:
    said["encoding"]["durations"].pop()


def of_another_kind(_: Entries, said: Said) -> None:
    said["network"]["kind"] = "transformer"


FAULTS: dict[str, tuple[Edit, str]] = {
    "a tensor of another name": (other_name, 'float32/step.tflite: it has no tensor "cell_0"'),
    "a tensor of another shape": (other_shape, "float32/pitch.tflite: tensor"),
    "a tensor of another type": (other_type, 'tensor "cell_0" is int8'),
    "a tensor too many": (one_too_many, 'its tensor "extra" is none that the network needs'),
    "graphs swapped": (swapped_graphs, "float32/pitch.tflite: "),
    "roles swapped": (swapped_roles, ".tflite: "),
    "another graph for the step": (swapped_step, "float32/step.tflite: "),
    "noise for a graph": (no_graph, "float32/step.tflite is not a graph this runtime can run"),
    "half a graph": (half_a_graph, "float32/pitch.tflite is not a graph this runtime can run"),
    "no graph of a role": (no_pitch_role, 'no graph "float32/pitch" in the bundle'),
    "no table": (no_table, 'no table "tables/match.f32"'),
    "a table of another shape": (other_table, "tables/match.f32 is float32["),
    "symbols without outputs": (fewer_symbols, 'tensor "duration" is'),
    "an unknown kind": (of_another_kind, "'transformer', which this version does not know"),
    "a parameter missing": (without_parameter("units"), "network parameter units is None"),
    "a parameter of text": (parameter("units", "16"), "network parameter units is '16'"),
    "a parameter that is a fraction": (parameter("head", 16.5), "network parameter head is 16.5"),
    "more units than outputs": (parameter("units", 17), "float32/step.tflite: tensor"),
    "no memory": (parameter("memory", 0), "network parameter memory is 0"),
    "a memory below nothing": (parameter("memory", -1), "network parameter memory is -1"),
    "a memory beyond bounds": (parameter("memory", 10**9), "network parameter memory is 10000000"),
    "more memory than a board has": (parameter("pointers", 8192), "more than 4,194,304 allowed"),
    "no layers": (parameter("layers", 0), "network parameter layers is 0"),
    "no pointers": (parameter("pointers", 0), "network parameter pointers is 0"),
    "pointers of no width": (parameter("pointer_width", 0), "parameter pointer_width is 0"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_fit_together_is_one_error(
    rebuilt: Callable[[Edit], Bundle], fault: str
) -> None:
    edit, message = FAULTS[fault]
    bundle = rebuilt(edit)
    with pytest.raises(BundleError) as caught:
        load_predictor(bundle, "float32")
    said = str(caught.value)
    assert message in said
    assert said.startswith(str(bundle.path))
    assert "\n" not in said


def int8_tensor(said: Said, name: str, tensor: str) -> Said:
    row = part(said, name)
    found: Said = next(t for t in (*row["inputs"], *row["outputs"]) if t["name"] == tensor)
    return found


def other_scale(name: str, *tensors: str) -> Edit:
    def edit(_: Entries, said: Said) -> None:
        for tensor in tensors:
            int8_tensor(said, name, tensor)["quantisation"]["scale"] *= 1.01

    return edit


def other_zero(_: Entries, said: Said) -> None:
    int8_tensor(said, "int8/step.tflite", "next_hidden_0")["quantisation"]["zero_point"] += 1


def no_scale(_: Entries, said: Said) -> None:
    del int8_tensor(said, "int8/step.tflite", "shift")["quantisation"]


INT8_FAULTS: dict[str, tuple[Edit, str]] = {
    "a state that comes back on another scale": (
        other_scale("int8/step.tflite", "cell_0"),
        "int8/step.tflite: cell_0 goes in as int8[1, 16] with scale",
    ),
    "a state that comes back with another zero": (other_zero, "hidden_0 goes in as"),
    "a context that is not the state": (
        other_scale("int8/pitch.tflite", "context"),
        "int8/pitch.tflite: context goes in as",
    ),
    "scales that are not the graph's": (
        other_scale("int8/step.tflite", "cell_1", "next_cell_1"),
        'int8/step.tflite: tensor "cell_1" has scale',
    ),
    "no scale": (no_scale, "tensor shift is int8[1, 50] with no scale; int8 needs a scale, o"),
}


@pytest.mark.parametrize("fault", INT8_FAULTS)
def test_integers_that_would_mean_something_else_are_refused(
    rebuilt: Callable[[Edit], Bundle], fault: str
) -> None:
    edit, message = INT8_FAULTS[fault]
    bundle = rebuilt(edit)
    with pytest.raises(BundleError) as caught:
        load_predictor(bundle, "int8")
    said = str(caught.value)
    assert message in said
    assert said.startswith(str(bundle.path))
    assert said.endswith("make the bundle again with playbach-convert")


def test_an_encoding_of_another_version_is_refused(rebuilt: Callable[[Edit], Bundle]) -> None:
    bundle = rebuilt(lambda _, said: said["encoding"].update(version=99))
    with pytest.raises(BundleError, match="version 99"):
        load_predictor(bundle)


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_graph_is_an_error_or_a_graph(
    rebuilt: Callable[[Edit], Bundle], seed: int
) -> None:
    rng = random.Random(seed)

    def damage(entries: Entries, said: Said) -> None:
        del said
        content = bytearray(entries["float32/step.tflite"])
        for _ in range(rng.choice((1, 4, 40))):
            content[rng.randrange(8, len(content))] = rng.randrange(256)
        entries["float32/step.tflite"] = bytes(content)

    try:
        predictor = load_note_predictor(rebuilt(damage), "float32")
    except BundleError:
        return
    play(predictor, 20)


def play(predictor: Predictor, notes: int) -> list[np.ndarray[Any, Any]]:
    heading, events = encode(tiny_piece(parse_form("gavotte"), C_MAJOR))
    predictor.begin(heading)
    rows = []
    pitch = 48
    for event in events[:notes]:
        rows += [predictor.shift(), predictor.pitch(event.shift)]
        pitch += event.interval
        rows.append(predictor.duration(event.shift, pitch))
        predictor.advance(event.shift, pitch, event.duration)
    return rows


def test_a_variant_that_is_not_there_is_answered_with_those_that_are() -> None:
    bundle = read_bundle(TINY_BUNDLE)
    with pytest.raises(InputError, match=r"variant 'edgetpu': .* has float32, dynamic"):
        load_predictor(bundle, "edgetpu")


@pytest.mark.parametrize("variant", [None, "float32", "dynamic", "int8"])
def test_the_tiny_bundle_gives_distributions(variant: str | None) -> None:
    for row in play(load_note_predictor(read_bundle(TINY_BUNDLE), variant), 40):
        assert row.dtype == np.float32
        assert row.min() >= 0
        assert math.isclose(row.sum(), 1, abs_tol=1e-5)


def test_loading_and_running_a_graph_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    play(load_note_predictor(read_bundle(TINY_BUNDLE)), 3)
    assert capfd.readouterr() == ("", "")
