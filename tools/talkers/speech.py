"""Speech by espeak-ng with the times of its phones, through the library's own interface (speak_lib.h).

The library and its voices come from the `espeakng-loader` package (GPL-3.0-or-later), a tool for development:
nothing that ships imports it.
"""

import ctypes
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from schemas.sample import SAMPLING_RATE_HZ

_SYNCHRONOUS, _PHONEME_EVENTS = 2, 0x0001
_UTF8, _PHONEME, _END = 1, 7, 0
_RATE, _PITCH = 1, 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """A voice by espeak-ng's name, words a minute, and pitch from 0 to 99."""

    name: str
    words_a_minute: int = 165
    pitch: int = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Speech:
    """sound (S,) float32 at 16 kHz; phones: start in seconds and espeak-ng's mnemonic, in order."""

    sound: npt.NDArray[np.float32]
    phones: tuple[tuple[float, str], ...]


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("text", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # ms
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class _Synthesiser:
    """The library, which has one state a process."""

    def __init__(self) -> None:
        import espeakng_loader

        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self._rate_hz: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _PHONEME_EVENTS)
        if self._rate_hz <= 0:
            raise RuntimeError("espeak-ng does not start: its data were not found")
        self._sound: list[npt.NDArray[np.int16]] = []
        self._phones: list[tuple[float, str]] = []
        self._callback = _Callback(self._take)  # kept, or it is freed while the library holds it
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: Any, number: int, events: Any) -> int:
        if number > 0:
            self._sound.append(np.ctypeslib.as_array(samples, (number,)).copy())
        index = 0
        while events[index].type != _END:
            if events[index].type == _PHONEME:
                name = events[index].id.text.decode("utf-8", "replace")
                self._phones.append((events[index].audio_position / 1000, name))
            index += 1
        return 0

    def say(self, text: str, voice: Voice) -> Speech:
        self._sound, self._phones = [], []
        if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice.name!r}")
        self._library.espeak_SetParameter(_RATE, voice.words_a_minute, 0)
        self._library.espeak_SetParameter(_PITCH, voice.pitch, 0)
        encoded = text.encode() + b"\0"
        self._library.espeak_Synth(encoded, len(encoded), 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        sound = np.concatenate(self._sound).astype(np.float32) / 32768
        return Speech(
            sound=soxr.resample(np.asarray(sound, np.float32), self._rate_hz, SAMPLING_RATE_HZ).astype(
                np.float32
            ),
            phones=tuple(sorted(self._phones)),
        )


@lru_cache(maxsize=1)
def _synthesiser() -> _Synthesiser:
    return _Synthesiser()


def say(text: str, voice: Voice) -> Speech:
    """Return a text spoken by a voice.

    Raises:
        ValueError: if there is no such voice.
    """
    return _synthesiser().say(text, voice)
