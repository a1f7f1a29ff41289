"""MIDI files written byte by byte, for what no program of ours would write."""

from __future__ import annotations


def midi_file(*tracks: str, kind: int = 1, division: int = 96) -> bytes:
    """A file with these tracks, each in hex with comments after ``#``; ``FF 2F 00`` is added."""
    header = b"".join(number.to_bytes(2) for number in (kind, len(tracks), division))
    chunks = [b"MThd", len(header).to_bytes(4), header]
    for track in tracks:
        body = from_hex(track) + bytes.fromhex("00 FF 2F 00")
        chunks += [b"MTrk", len(body).to_bytes(4), body]
    return b"".join(chunks)


def from_hex(text: str) -> bytes:
    """The bytes of hex digits; from ``#`` to the end of a line is comment."""
    return bytes.fromhex(" ".join(line.partition("#")[0] for line in text.splitlines()))
