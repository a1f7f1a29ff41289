"""A new network is one module and one row: it trains, converts, loads and composes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.convert import toy_window
from tests.convert.sample import notes
from tests.convert.test_conversion import refused
from tests.fixtures.make_tiny_bundle import LICENCE, convert_run, tiny_piece

from playbach.bundle import Bundle, read_bundle, same_scale
from playbach.music.form import parse_form
from playbach.music.key import C_MAJOR
from playbach_convert.calibration import Music
from playbach_convert.cli import main
from playbach_convert.convert import pipeline_of
from playbach_convert.edgetpu.compiler import CompilerError, add_variant
from playbach_convert.tflite import traced
from playbach_convert.variants import Graphs
from playbach_convert.verify import VerificationError, check_near, graph_verifier
from playbach_train import cli as train
from playbach_train.networks.table import NETWORKS, load_run

TOYS = {"toy-window": "tests.convert.toy_window", "toy-noise": "tests.convert.toy_noise"}
VARIANTS = ("float32", "int8")
PIECE = tiny_piece(parse_form("menuet"), C_MAJOR, bars=20)


@pytest.fixture(scope="module", autouse=True)
def rows(fewer_steps: None) -> Iterator[None]:
    """The toys' rows in the table of networks."""
    del fewer_steps  # set for all conversions here
    with pytest.MonkeyPatch.context() as patch:
        for name, module in TOYS.items():
            patch.setitem(NETWORKS, name, f"{module}:ARCHITECTURE")
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, more_scores: Path) -> Path:
    """A folder with a run of each toy, on music enough to calibrate on."""
    folder = tmp_path_factory.mktemp("toys")
    for name in TOYS:
        words = ["--network", name, "--midi", str(more_scores), "--licence", LICENCE]
        more = ["--run", str(folder / name), "--network.units", "10"]
        assert train.main([*words, *more]) == 0
    return folder


@pytest.fixture(scope="module")
def bundles(runs: Path) -> dict[str, Bundle]:
    """Of each toy."""
    found = {}
    for name in TOYS:
        path = runs / f"{name}.bundle"
        assert convert_run(runs / name, path, ",".join(VARIANTS)) == 0
        found[name] = read_bundle(path)
    return found


@pytest.mark.parametrize("name", TOYS)
def test_every_variant_composes_and_the_same_seed_the_same_music(
    bundles: dict[str, Bundle], name: str
) -> None:
    for variant in VARIANTS:
        first = notes(bundles[name], variant)
        assert first == notes(bundles[name], variant)
        assert len({note.pitch for note in first}) > 5


def test_a_form_that_goes_step_by_step_composes_in_every_variant(
    bundles: dict[str, Bundle],
) -> None:
    for variant in VARIANTS:
        assert notes(bundles["toy-window"], variant, stepwise=True)


def test_the_manifest_says_what_the_network_says(bundles: dict[str, Bundle]) -> None:
    window, noise = (bundles[name].manifest.network for name in TOYS)
    assert (window.kind, dict(window.parameters)) == ("window", {"network": "toy", "window": 6})
    assert (noise.kind, noise.parameters["noise"]) == ("noise", 5)


def test_variants_are_measured_by_what_there_is_to_measure(bundles: dict[str, Bundle]) -> None:
    window, noise = (bundles[name].manifest.verification for name in TOYS)
    assert window is not None
    assert noise is not None
    assert window.music == "5 movements that it was trained on"
    assert noise.music == "random noise"
    assert noise.bits is None
    assert window.bits is not None
    # As good as nothing was learned: 42 symbols and 3 times.
    assert 5 < window.bits < 9
    for measured in (window, noise):
        assert measured.steps > 500
        exact, rounded = measured.variants
        assert 0 <= exact.divergence < 1e-6
        assert exact.divergence < rounded.divergence < 0.02
        assert exact.drift is None
        assert (exact.bits is None) == (measured.bits is None)


def test_figures_are_printed_without_what_was_not_measured(
    bundles: dict[str, Bundle], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["figures", str(bundles["toy-noise"].path)]) == 0
    said, _, head, *_ = capsys.readouterr().out.splitlines()
    assert said.startswith("Measured on random noise, ")
    assert "bits" not in said + head
    assert main(["figures", str(bundles["toy-window"].path)]) == 0
    assert "bits per step" in capsys.readouterr().out


def test_numbers_of_symbols_stay_whole_in_int8(bundles: dict[str, Bundle]) -> None:
    part = bundles["toy-window"].manifest.part("int8", "window")
    assert {spec.name: spec.dtype for spec in part.inputs} == {"symbols": "int32", "ticks": "int32"}
    assert {spec.dtype for spec in part.outputs} == {"int8"}


def test_states_go_in_on_the_scale_on_which_they_come_out(bundles: dict[str, Bundle]) -> None:
    step = bundles["toy-window"].manifest.part("int8", "step")
    scales = {spec.name: spec.quantisation for spec in (*step.inputs, *step.outputs)}
    for name in ("state_0", "state_1"):
        assert scales[name] is not None
        assert same_scale(scales[name], scales[f"next_{name}"])


def test_a_variant_that_does_something_else_is_not_let_through(
    runs: Path, bundles: dict[str, Bundle]
) -> None:
    run = load_run(runs / "toy-window")
    head = run.weights["symbols_head"]
    run.weights["symbols_head"] = np.roll(head, 1, axis=1)
    verifier = pipeline_of(run).verifier()
    other = verifier.figures(bundles["toy-window"], "float32", 1)
    assert other.agreement < 0.9
    with pytest.raises(VerificationError, match=r"^float32: differs too much .* nats from it"):
        check_near(other, verifier.bits)


def test_the_worst_of_its_graphs_speaks_for_a_variant(bundles: dict[str, Bundle]) -> None:
    weights = load_run(bundles["toy-window"].path.with_suffix("")).weights
    louder = weights | {"symbols_head": weights["symbols_head"] * 2}
    trained = toy_window.Trained(weights)

    def divergence(*changed: str) -> float:
        graphs = {
            role: traced(form, louder if role in changed else weights)
            for role, form in trained.graphs.items()
        }
        verifier = graph_verifier(trained, graphs, Music((PIECE,), "a menuet"))
        return verifier.figures(bundles["toy-window"], "float32", 1).divergence

    assert divergence() < 1e-6
    window, step = divergence("window"), divergence("step")
    assert window > 0.01
    assert step > 0.01
    assert divergence("window", "step") == max(window, step)


def test_what_does_not_map_to_an_edge_tpu_is_one_line(
    capsys: pytest.CaptureFixture[str], bundles: dict[str, Bundle]
) -> None:
    bundle = bundles["toy-window"]
    graphs = Graphs(bundle.manifest.parts, bundle.contents)
    with pytest.raises(
        CompilerError,
        match=r"^int8/\w+\.tflite: operation .* does not map.*leave --edgetpu out$",
    ):
        add_variant(graphs, lambda _: None)
    assert main(["check", str(bundle.path)]) == 1
    assert "GATHER" in capsys.readouterr().out


def test_a_memory_is_only_for_networks_that_have_one(
    capsys: pytest.CaptureFixture[str], runs: Path, tmp_path: Path
) -> None:
    message = refused(capsys, runs / "toy-noise", tmp_path / "a.bundle", "--memory", "9")
    assert "--memory 9: the network toy-noise of " in message


def test_a_network_of_another_version_is_one_line_with_those_there_are(
    capsys: pytest.CaptureFixture[str], runs: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(runs / "toy-noise", tmp_path / "run"))
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | {"network": "transformer"}))
    message = refused(capsys, folder, tmp_path / "a.bundle")
    assert "there is no network 'transformer'; choose from copying, windowed" in message
