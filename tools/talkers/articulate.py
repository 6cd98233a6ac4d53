"""What a mouth does for each phone: from espeak-ng's phones to targets, smoothed as speech organs move."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mouth:
    """How far the jaw is open, lips are wide, round, pressed together, and the lower lip at the teeth; 0
    to 1.
    """

    open: float = 0.2
    wide: float = 0.0
    round: float = 0.0
    pressed: float = 0.0
    bitten: float = 0.0


_SILENT = Mouth(open=0.02)
# By the first letter of the mnemonic; vowels by height, backness and rounding (the International Phonetic
# Alphabet).
_MOUTHS: dict[str, Mouth] = {
    **dict.fromkeys("pbm", Mouth(open=0.0, pressed=1.0)),
    **dict.fromkeys("fv", Mouth(open=0.1, bitten=1.0)),
    **dict.fromkeys("wWyY", Mouth(open=0.2, round=0.9)),
    **dict.fromkeys("SZ", Mouth(open=0.2, round=0.5)),
    **dict.fromkeys("rR", Mouth(open=0.25, round=0.4)),
    **dict.fromkeys("aA", Mouth(open=1.0, wide=0.2)),
    **dict.fromkeys("VQ", Mouth(open=0.8)),
    **dict.fromkeys("0O", Mouth(open=0.75, round=0.6)),
    **dict.fromkeys("E&", Mouth(open=0.65, wide=0.5)),
    **dict.fromkeys("e", Mouth(open=0.5, wide=0.7)),
    **dict.fromkeys("iI", Mouth(open=0.3, wide=0.9)),
    **dict.fromkeys("o", Mouth(open=0.6, round=0.8)),
    **dict.fromkeys("uU", Mouth(open=0.3, round=1.0)),
    **dict.fromkeys("@3", Mouth(open=0.45)),
    **dict.fromkeys("kgxNhqG?", Mouth(open=0.3)),
    **dict.fromkeys("szc", Mouth(open=0.1, wide=0.4)),
}
_OTHER = Mouth(open=0.2, wide=0.1)
_NAMES = ("open", "wide", "round", "pressed", "bitten")
_STEPS_A_FRAME = 10
_SMOOTH_SECONDS = 0.07  # lips and jaw are on their way to a target for about this long


def mouth_of(phone: str) -> Mouth:
    """Return the target of a phone by espeak-ng's mnemonic."""
    plain = phone.lstrip("',%=_:|")
    return _SILENT if not plain else _MOUTHS.get(plain[0], _OTHER)


def articulate(phones: tuple[tuple[float, str], ...], num_frames: int, fps: float) -> dict[str, Float]:
    """Return each of a mouth's numbers (T,) at the middle of every frame."""
    rate = fps * _STEPS_A_FRAME
    fine = np.tile(np.array([getattr(_SILENT, n) for n in _NAMES]), (num_frames * _STEPS_A_FRAME, 1))
    ends = [start for start, _ in phones[1:]] + [num_frames / fps]
    for (start, phone), end in zip(phones, ends, strict=True):
        target = mouth_of(phone)
        fine[round(start * rate) : round(end * rate)] = [getattr(target, name) for name in _NAMES]
    window = np.hanning(round(_SMOOTH_SECONDS * rate) + 2)
    window /= window.sum()
    moved = np.stack([np.convolve(np.pad(row, len(window), "edge"), window, "same") for row in fine.T])
    middle = len(window) + _STEPS_A_FRAME // 2
    at_frames = moved[:, middle : middle + num_frames * _STEPS_A_FRAME : _STEPS_A_FRAME]
    return dict(zip(_NAMES, at_frames.astype(np.float32), strict=True))
