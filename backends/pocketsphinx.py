"""Forced alignment of English with PocketSphinx; the acoustic model and CMUdict are in its wheel.

Where a word has several readings a small grammar is decoded first and the best path decides; then the
chosen words are aligned state by state, which gives phones as well. A score is the geometric mean
over frames of the likelihood of the aligned state relative to that of the state that fits best.
"""

import functools
import importlib.metadata
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from backends.catalogue import verify_weights
from backends.g2p_en import load as load_g2p
from backends.protocols import AlignedPhone, AlignedWord, FloatArray

_RATE = 16000
_FRAME_SECONDS = 0.01
# A frame is measured on 25.6 ms of sound that start with it, so a boundary between two frames lies
# half a window less half a frame later than the frame's number says.
_WINDOW_SECONDS = 0.025625
_SHIFT_SECONDS = 0.5 * (_WINDOW_SECONDS - _FRAME_SECONDS)
# PocketSphinx's scores are logarithms to the base 1.0001, shifted right by ten bits.
_NATS = 1024 * math.log(1.0001)
_FILLERS = ("<", "[", "+")
_BEAMS = ({}, {"beam": 1e-300, "wbeam": 1e-300, "pbeam": 1e-300})

Reading = tuple[str, ...]


class PocketSphinxAligner:
    """`ForcedAligner` on `pocketsphinx`, with g2p-en for words that are not in CMUdict."""

    def __init__(self) -> None:
        import pocketsphinx

        verify_weights("pocketsphinx")
        self.name = f"pocketsphinx-{importlib.metadata.version('pocketsphinx')}/en-us"
        self._decoders = [
            # The best path through the lattice may leave a phone too few frames for its states.
            pocketsphinx.Decoder(lm=None, loglevel="FATAL", cmn="batch", bestpath=False, **beams)
            for beams in _BEAMS
        ]
        self._g2p = load_g2p()

    def aligns(self, language: str) -> bool:
        """Return whether words of this language can be aligned."""
        return language == "en"

    def align(self, samples: FloatArray, words: Sequence[Sequence[Reading]]) -> list[AlignedWord | None]:
        """Align; see `ForcedAligner.align`. A second try with wide beams follows a first that fails."""
        if not words or len(samples) < _RATE * _WINDOW_SECONDS:
            return [None] * len(words)
        pcm = np.round(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
        for decoder in self._decoders:
            # The front end remembers what it heard before, and times would depend on it.
            decoder.reinit_feat()
            for token in {token for readings in words for reading in readings for token in reading}:
                self._add(decoder, token)
            readings = _choose(decoder, pcm, words) or [options[0] for options in words]
            found = _align(decoder, pcm, readings)
            if found is not None:
                return list(found)
        return [None] * len(words)

    def _add(self, decoder: Any, token: str) -> None:
        if decoder.lookup_word(token) is None:
            phones = self._g2p.pronounce(token) or ["AH"]
            decoder.add_word(token, " ".join(phones), True)


def _decode(decoder: Any, pcm: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()


def _choose(decoder: Any, pcm: bytes, words: Sequence[Sequence[Reading]]) -> list[Reading] | None:
    """Return which reading of each word is heard, None if the decoder loses its way."""
    if all(len(readings) == 1 for readings in words):
        return [readings[0] for readings in words]
    arcs: list[tuple[int, int, float, str]] = []
    free = len(words) + 1  # states 0 to len(words) lie between words, further ones inside readings
    for i, readings in enumerate(words):
        for reading in readings:
            state = i
            for j, token in enumerate(reading):
                target = i + 1 if j == len(reading) - 1 else free
                arcs.append((state, target, 1.0 / len(readings) if j == 0 else 1.0, token))
                state, free = target, free + (target == free)
    decoder.add_fsg("readings", decoder.create_fsg("readings", 0, len(words), arcs))
    decoder.activate_search("readings")
    try:
        _decode(decoder, pcm)
        segments = decoder.seg() or ()
        heard = [_bare(s.word) for s in segments if not s.word.startswith(_FILLERS)]
    except RuntimeError:
        return None
    return _parse(heard, words)


def _bare(token: str) -> str:
    """Return a word without the number of its pronunciation: "the(2)" is "the"."""
    return token.split("(")[0]


def _parse(heard: Sequence[str], words: Sequence[Sequence[Reading]]) -> list[Reading] | None:
    """Return the reading of each word that makes up the tokens heard, None if none does."""
    # For each word, from how many tokens its end can be reached, and by which reading.
    steps: list[dict[int, tuple[int, Reading]]] = [{0: (0, ())}]
    for readings in words:
        ends: dict[int, tuple[int, Reading]] = {}
        for start in steps[-1]:
            for reading in readings:
                end = start + len(reading)
                if tuple(heard[start:end]) == reading:
                    ends.setdefault(end, (start, reading))
        steps.append(ends)
    at, chosen = len(heard), []
    for ends in reversed(steps[1:]):
        if at not in ends:
            return None
        at, reading = ends[at]
        chosen.append(reading)
    return chosen[::-1]


def _align(decoder: Any, pcm: bytes, readings: Sequence[Reading]) -> list[AlignedWord] | None:
    """Return each word with its times, None if the decoder loses its way."""
    try:
        decoder.set_align_text(" ".join(token for reading in readings for token in reading))
        _decode(decoder, pcm)
        decoder.set_alignment()
        _decode(decoder, pcm)
        # An entry and its phones are valid only until the next one is asked for.
        entries = [
            (_bare(entry.name), [_phone(p) for p in entry])
            for entry in decoder.get_alignment()
            if not entry.name.startswith(_FILLERS)
        ]
    except RuntimeError:
        return None
    if [name for name, _ in entries] != [token for reading in readings for token in reading]:
        return None
    phones = iter([found for _, found in entries])
    return [_word(reading, [p for _ in reading for p in next(phones)]) for reading in readings]


def _phone(entry: Any) -> AlignedPhone:
    return AlignedPhone(
        entry.name,
        entry.start * _FRAME_SECONDS + _SHIFT_SECONDS,
        (entry.start + entry.duration) * _FRAME_SECONDS + _SHIFT_SECONDS,
        math.exp(min(entry.score / max(entry.duration, 1) * _NATS, 0.0)),
    )


def _word(reading: Reading, phones: list[AlignedPhone]) -> AlignedWord:
    lengths = [p.end_seconds - p.start_seconds for p in phones]
    logs = sum(n * math.log(max(p.score, 1e-30)) for n, p in zip(lengths, phones, strict=True))
    return AlignedWord(
        reading,
        phones[0].start_seconds,
        phones[-1].end_seconds,
        math.exp(logs / max(sum(lengths), 1e-9)),
        tuple(phones),
    )


@functools.lru_cache(maxsize=1)
def load() -> PocketSphinxAligner:
    """Return the process's aligner."""
    return PocketSphinxAligner()
