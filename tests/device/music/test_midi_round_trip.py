"""What is written can be read."""

from hypothesis import given
from hypothesis import strategies as st
from tests.device.music.strategies import pieces

from playbach.music.midi import parse_midi
from playbach.music.midi_write import midi_bytes
from playbach.music.note import Piece


@given(pieces(), st.sampled_from([30.0, 76.0, 300.0]))
def test_any_piece_on_the_grid_survives_the_round_trip(piece: Piece, tempo: float) -> None:
    result = parse_midi(midi_bytes(piece, tempo=tempo), name="unused")
    assert result.piece == piece
    assert (result.off_grid, result.merged) == (0, 0)
