"""Sound cards by ALSA: the few functions of libasound that play and record, by ctypes."""

from __future__ import annotations

import ctypes
import functools
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_uint, c_ulong, c_void_p
from typing import Any

from playbach.errors import PortAbsentError, PortError

CHANNELS = 2
_FLOAT = 14
"""SND_PCM_FORMAT_FLOAT_LE; every machine that this runs on is little-endian."""
_INTERLEAVED = 3
"""SND_PCM_ACCESS_RW_INTERLEAVED."""
_PLAYBACK, _CAPTURE = 0, 1
_SOFT_RESAMPLE = 1
_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "snd_pcm_open": (POINTER(c_void_p), c_char_p, c_int, c_int),
    "snd_pcm_set_params": (c_void_p, c_int, c_int, c_uint, c_uint, c_int, c_uint),
    "snd_pcm_get_params": (c_void_p, POINTER(c_ulong), POINTER(c_ulong)),
    "snd_pcm_writei": (c_void_p, c_void_p, c_ulong),
    "snd_pcm_readi": (c_void_p, c_void_p, c_ulong),
    "snd_pcm_delay": (c_void_p, POINTER(c_long)),
    "snd_pcm_recover": (c_void_p, c_int, c_int),
    "snd_pcm_drop": (c_void_p,),
    "snd_pcm_close": (c_void_p,),
    "snd_strerror": (c_int,),
    "snd_lib_error_set_handler": (c_void_p,),
}
_ErrorHandler = ctypes.CFUNCTYPE(None, c_char_p, c_int, c_char_p, c_int, c_char_p)


# What libasound would print is in the errors that are raised.
_IGNORE = _ErrorHandler(lambda *_: None)


@functools.cache
def library() -> Any:
    """Libasound.

    Raises:
        PortError: it is not installed.
    """
    try:
        found = ctypes.CDLL("libasound.so.2")
    except OSError as error:
        raise PortError("libasound is not installed; apt install libasound2") from error
    for name, arguments in _ARGUMENTS.items():
        function = getattr(found, name)
        function.argtypes = arguments
        function.restype = c_long if name.endswith("i") else c_int
    found.snd_strerror.restype = c_char_p
    found.snd_lib_error_set_handler(_IGNORE)
    return found


class Pcm:
    """An open device: interleaved float samples, two channels. Used by one thread."""

    def __init__(self, name: str, rate: int, latency: float, *, capture: bool = False) -> None:
        """Open it.

        Args:
            name: ALSA's, such as ``default`` or ``plughw:0``.
            rate: samples per second; converted if the card has another.
            latency: seconds that its buffer is to hold.
            capture: whether it records.

        Raises:
            PortAbsentError: there is no such device now, or another program has it.
            PortError: libasound is missing, or the device takes no such samples.
        """
        self._library = library()
        self.name = name
        self._pcm = c_void_p()
        status = self._library.snd_pcm_open(
            byref(self._pcm), name.encode(), _CAPTURE if capture else _PLAYBACK, 0
        )
        if status < 0:
            raise PortAbsentError(
                f"ALSA device {name}: {self._why(status)}; connect a sound card, or name another "
                "device ('aplay -L' lists them)"
            )
        status = self._library.snd_pcm_set_params(
            self._pcm, _FLOAT, _INTERLEAVED, CHANNELS, rate, _SOFT_RESAMPLE, round(latency * 1e6)
        )
        if status < 0:
            self.close()
            raise PortError(
                f"ALSA device {name}: it does not take {rate:,} samples a second on {CHANNELS} "
                f"channels ({self._why(status)}); name another, such as default or plughw:0"
            )
        size, period = c_ulong(), c_ulong()
        self._library.snd_pcm_get_params(self._pcm, byref(size), byref(period))
        self.size, self.period = int(size.value), int(period.value)
        self._delay = c_long()

    def write(self, address: int, frames: int) -> bool:
        """Play samples, waiting for room.

        Args:
            address: of 32-bit floats, ``frames`` times two.
            frames: how many.

        Returns:
            Whether it had played without a gap.

        Raises:
            PortAbsentError: the card has gone.
        """
        return self._move(self._library.snd_pcm_writei, address, frames)

    def read(self, address: int, frames: int) -> bool:
        """Record samples, waiting for them; arguments and errors as of ``write``."""
        return self._move(self._library.snd_pcm_readi, address, frames)

    def delay(self) -> int:
        """Frames from now to the moment at which one written now is heard, 0 or more."""
        status = self._library.snd_pcm_delay(self._pcm, byref(self._delay))
        return max(0, int(self._delay.value)) if status >= 0 else 0

    def close(self) -> None:
        """Stop at once, and let go of it."""
        pcm, self._pcm = self._pcm, c_void_p()
        if pcm:
            self._library.snd_pcm_drop(pcm)
            self._library.snd_pcm_close(pcm)

    def _move(self, move: Any, address: int, frames: int) -> bool:
        whole = True
        while frames > 0:
            moved = move(self._pcm, address, frames)
            if moved < 0:
                whole = False
                status = self._library.snd_pcm_recover(self._pcm, int(moved), 1)
                if status < 0:
                    raise PortAbsentError(
                        f"ALSA device {self.name}: it has gone ({self._why(status)})"
                    )
                continue
            address += 4 * CHANNELS * moved
            frames -= moved
        return whole

    def _why(self, status: int) -> str:
        said: bytes = self._library.snd_strerror(status)
        return said.decode(errors="replace")
