"""The graphs for the board compute what the Keras models do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from keras import ops

from playbach_train.networks.windowed import GRID, MULTIHEAD, WINDOWED, WindowNetwork

WINDOW = 10
NETWORKS = (WINDOWED, MULTIHEAD, GRID)
every_network = pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)


class Built:
    """A network with weights as large as training leaves them, and a window to read."""

    def __init__(self, network: WindowNetwork, layers: int = 2) -> None:
        self.parts = {"symbols": 30, "ticks": 5} if network.timed else {"symbols": 30}
        sizes = replace(network.config.network, window=WINDOW, units=16, layers=layers)
        layers_of = network.layers()
        self.model = layers_of.model(sizes, self.parts)
        rng = np.random.default_rng(3)
        for variable in self.model.weights:
            noise = 0.3 * rng.standard_normal(variable.shape)
            old = np.asarray(variable)
            variable.assign(old + (abs(noise) if "variance" in variable.path else noise))
        self.weights = layers_of.weights(self.model, sizes)
        self.forms = layers_of.forms(sizes, self.parts)
        self.window = {
            name: rng.integers(0, size, (1, WINDOW)).astype(np.int32)
            for name, size in self.parts.items()
        }

    def steps(self, count: int) -> Any:
        """Outputs after ``count`` steps over the window, again and again, and the state."""
        form = self.forms["step"]
        state = {
            name: np.zeros(tensor.shape, np.float32)
            for name, tensor in form.inputs.items()
            if name.startswith("state_")
        }
        outputs: Any = {}
        for t in range(count):
            read = {
                name: numbers[:, t % WINDOW : t % WINDOW + 1]
                for name, numbers in self.window.items()
            }
            outputs = form.function(self.weights, **read, **state)
            state = {name: ops.convert_to_numpy(outputs[f"next_{name}"]) for name in state}
        return outputs, state


@every_network
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_window_graph_gives_what_the_model_gives(network: WindowNetwork, layers: int) -> None:
    built = Built(network, layers)
    wanted = built.model.predict_on_batch(built.window)
    found = built.forms["window"].function(built.weights, **built.window)
    assert found.keys() == wanted.keys() == built.parts.keys()
    for name in wanted:
        assert np.std(wanted[name]) > 0.1
        np.testing.assert_allclose(ops.convert_to_numpy(found[name]), wanted[name], atol=1e-5)


@every_network
def test_steps_from_the_beginning_give_what_the_window_gives(network: WindowNetwork) -> None:
    built = Built(network)
    wanted = built.forms["window"].function(built.weights, **built.window)
    found, _ = built.steps(WINDOW)
    for name in wanted:
        np.testing.assert_allclose(
            ops.convert_to_numpy(found[name]), ops.convert_to_numpy(wanted[name]), atol=1e-5
        )


@every_network
def test_a_state_carried_on_for_long_stays_within_the_window(network: WindowNetwork) -> None:
    built = Built(network)
    for name in built.weights:
        if name in {"lstm_0/rows", "lstm_0/bias"}:
            # Every gate open: each cell grows by almost 1 a step.
            built.weights[name] = np.full_like(built.weights[name], 9)
    _, state = built.steps(3 * WINDOW)
    assert max(abs(array).max() for array in state.values()) == pytest.approx(WINDOW)


@every_network
def test_inputs_and_outputs_are_as_the_board_wants_them(network: WindowNetwork) -> None:
    built = Built(network)
    assert list(built.forms) == ["window", "step"]
    for form in built.forms.values():
        assert form.distributions == tuple(built.parts)
        for name, tensor in form.inputs.items():
            assert tensor.shape[0] == 1
            assert tensor.dtype == ("float32" if name.startswith("state_") else "int32")
    outputs, state = built.steps(1)
    for name, size in built.parts.items():
        assert outputs[name].shape == (1, size)
    assert outputs.keys() == built.parts.keys() | {f"next_{name}" for name in state}
    assert {n: a.shape for n, a in state.items()} == {
        n: t.shape for n, t in built.forms["step"].inputs.items() if n.startswith("state_")
    }
