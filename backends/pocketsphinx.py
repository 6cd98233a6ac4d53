"""Forced alignment of English with PocketSphinx; the acoustic model and CMUdict are in its wheel.

A small grammar is decoded first: the readings of each word, and between words "um" and "uh", which
recognisers leave out and whose time the next word would take. The best path decides; then the chosen words
are aligned state by state, which gives phones as well. A score is the geometric mean over frames of the
likelihood of the aligned state relative to that of the state that fits best.
"""

import functools
import importlib.metadata
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from backends.catalogue import verify_weights
from backends.g2p_en import load as load_g2p
from backends.protocols.arrays import FloatArray
from backends.protocols.sound import AlignedPhone, AlignedWord, Alignment

LANGUAGES = frozenset({"en"})
_RATE = 16000
_FRAME_SECONDS = 0.01
# A frame is measured on 25.6 ms of sound that start with it, so a boundary between two frames lies
# half a window less half a frame later than the frame's number says.
_WINDOW_SECONDS = 0.025625
_SHIFT_SECONDS = 0.5 * (_WINDOW_SECONDS - _FRAME_SECONDS)
# PocketSphinx's scores are logarithms to the base 1.0001, shifted right by ten bits.
_NATS = 1024 * math.log(1.0001)
_FILLERS = ("<", "[")
# Hesitations have names of their own, so that they are not taken for words of the text. In read speech, which
# has none, they are found on one word in twenty and last less than 0.1 s; real ones last 0.2 s and more.
_HESITATIONS = {"++um++": ("um", "AH M"), "++uh++": ("uh", "AH")}
_HESITATION_CHANCE = 0.1
_MIN_HESITATION_FRAMES = 15
_BEAMS = ({}, {"beam": 1e-300, "wbeam": 1e-300, "pbeam": 1e-300})

Reading = tuple[str, ...]
Spoken = tuple[int, Reading]  # the word's number and how it is read; a hesitation has that of the next word


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
        for decoder in self._decoders:
            for name, (_, phones) in _HESITATIONS.items():
                decoder.add_word(name, phones, True)
        self._g2p = load_g2p()

    def aligns(self, language: str) -> bool:
        """Return whether words of this language can be aligned."""
        return language in LANGUAGES

    def align(self, samples: FloatArray, words: Sequence[Sequence[Reading]]) -> Alignment:
        """Align; see `ForcedAligner.align`. A second try with wide beams follows a first that fails."""
        nothing = Alignment((None,) * len(words))
        if not words or len(samples) < _RATE * _WINDOW_SECONDS:
            return nothing
        pcm = np.round(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
        for decoder in self._decoders:
            # The front end remembers what it heard before, and times would depend on it.
            decoder.reinit_feat()
            for token in {token for readings in words for reading in readings for token in reading}:
                self._add(decoder, token)
            heard = _listen(decoder, pcm, words) or [(i, options[0]) for i, options in enumerate(words)]
            if found := _align(decoder, pcm, heard):
                return found
        return nothing

    def _add(self, decoder: Any, token: str) -> None:
        if decoder.lookup_word(token) is None:
            phones = self._g2p.pronounce(token) or ["AH"]
            decoder.add_word(token, " ".join(phones), True)


def _decode(decoder: Any, pcm: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()


def _listen(decoder: Any, pcm: bytes, words: Sequence[Sequence[Reading]]) -> list[Spoken] | None:
    """Return how each word is read and where hesitations stand, None if the decoder loses its way."""
    arcs: list[tuple[int, int, float, str]] = []
    free = len(words) + 1  # states 0 to len(words) lie between words, further ones inside readings
    for i, readings in enumerate(words):
        for reading in readings:
            state = i
            for j, token in enumerate(reading):
                target = i + 1 if j == len(reading) - 1 else free
                arcs.append((state, target, 1.0 / len(readings) if j == 0 else 1.0, token))
                state, free = target, free + (target == free)
    arcs += [(i, i, _HESITATION_CHANCE, name) for i in range(len(words) + 1) for name in _HESITATIONS]
    decoder.add_fsg("readings", decoder.create_fsg("readings", 0, len(words), arcs))
    decoder.activate_search("readings")
    try:
        _decode(decoder, pcm)
        segments = [(_bare(s.word), s.end_frame - s.start_frame + 1) for s in decoder.seg() or ()]
    except RuntimeError:
        return None
    heard = [(token, length) for token, length in segments if not token.startswith(_FILLERS)]
    chosen = _parse([token for token, _ in heard if token not in _HESITATIONS], words)
    return None if chosen is None else with_hesitations(chosen, heard)


def with_hesitations(chosen: Sequence[Reading], heard: Sequence[tuple[str, int]]) -> list[Spoken]:
    """Return words in the order in which they are said, with the hesitations between them.

    Args:
        heard: tokens and their lengths in frames; those of `chosen`, and hesitations.
    """
    spoken: list[Spoken] = []
    rest = iter(heard)
    for i, reading in enumerate([*chosen, ()]):
        pause: list[tuple[str, int]] = []
        token = next(rest, None)
        while token is not None and token[0] in _HESITATIONS:
            pause.append(token)
            token = next(rest, None)
        if sum(length for _, length in pause) >= _MIN_HESITATION_FRAMES:
            spoken.append((i, ("++um++",) if ("++um++" in dict(pause)) else ("++uh++",)))
        if reading:
            spoken.append((i, reading))
        for _ in reading[1:]:
            next(rest)
    return spoken


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


def _align(decoder: Any, pcm: bytes, spoken: Sequence[Spoken]) -> Alignment | None:
    """Return all that is spoken with its times, None if the decoder loses its way."""
    tokens = [token for _, reading in spoken for token in reading]
    try:
        decoder.set_align_text(" ".join(tokens))
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
    if [name for name, _ in entries] != tokens:
        return None
    phones = iter([found for _, found in entries])
    words: list[AlignedWord | None] = []
    hesitations: list[tuple[int, AlignedWord]] = []
    for i, reading in spoken:
        found = [p for _ in reading for p in next(phones)]
        if reading[0] in _HESITATIONS:
            hesitations.append((i, _word((_HESITATIONS[reading[0]][0],), found)))
        else:
            words.append(_word(reading, found))
    return Alignment(tuple(words), tuple(hesitations))


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
