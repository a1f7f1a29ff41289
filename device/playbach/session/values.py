"""The values of all live settings; ``playbach.session.settings`` says what they mean."""

from __future__ import annotations

from dataclasses import dataclass

Value = bool | int | float | str | None
"""What a setting can be; also what JSON and TOML can say."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All live settings at one moment; ``TABLE`` says what each of them means and allows."""

    tempo: float | None = None
    transpose: int = 0
    volume: int = 100
    velocity: int = 80
    accent: int = 8
    program: int | None = 42
    channel: int = 1
    temperature: float = 1.0
    shift_temperature: float | None = None
    pitch_temperature: float | None = None
    duration_temperature: float | None = None
    top_p: float = 0.97
    memory: float = 1.0
    playable: bool = False
    form: str | None = None
    key: str | None = None
    meter: str | None = None
    repeats: bool = False
    bundle: str | None = None
    variant: str | None = None
    fallback: bool = True
    sink: str | None = None
    port: str | None = None
    clock_out: bool = False
    clock_in: str | None = None


DEFAULTS = Settings()
