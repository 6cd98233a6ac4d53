"""Pronunciations of English words that no dictionary has, with the network of the g2p-en package.

A GRU encoder and decoder on letters (Park and Kim, github.com/Kyubyong/g2p), trained on CMUdict. The
package's own code downloads tagger data when it is imported, so only its weights are used; they are
plain arrays.
"""

import functools
import unicodedata

import numpy as np

from backends.catalogue import verify_weights
from backends.protocols.arrays import FloatArray
from backends.weights import package_folder

_LETTERS = {c: i for i, c in enumerate("abcdefghijklmnopqrstuvwxyz", start=3)}
_END_OF_WORD = 2
_START, _END, _FIRST_PHONE = 2, 3, 4
_MOST_PHONES = 40
# The network's outputs in order, after four marks: ARPABET with stress.
_PHONES = (
    "AA0", "AA1", "AA2", "AE0", "AE1", "AE2", "AH0", "AH1", "AH2", "AO0", "AO1", "AO2", "AW0",
    "AW1", "AW2", "AY0", "AY1", "AY2", "B", "CH", "D", "DH", "EH0", "EH1", "EH2", "ER0", "ER1",
    "ER2", "EY0", "EY1", "EY2", "F", "G", "HH", "IH0", "IH1", "IH2", "IY0", "IY1", "IY2", "JH", "K",
    "L", "M", "N", "NG", "OW0", "OW1", "OW2", "OY0", "OY1", "OY2", "P", "R", "S", "SH", "T", "TH",
    "UH0", "UH1", "UH2", "UW", "UW0", "UW1", "UW2", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip


def _gru(x: FloatArray, state: FloatArray, weights: dict[str, FloatArray], side: str) -> FloatArray:
    """Return the next state of a gated recurrent unit (Cho et al. 2014, in PyTorch's order)."""
    given = weights[f"{side}_w_ih"] @ x + weights[f"{side}_b_ih"]
    kept = weights[f"{side}_w_hh"] @ state + weights[f"{side}_b_hh"]
    size = len(state)
    reset, update = np.split(1.0 / (1.0 + np.exp(-(given + kept)[: 2 * size])), 2)
    candidate = np.tanh(given[2 * size :] + reset * kept[2 * size :])
    return np.asarray((1.0 - update) * candidate + update * state, np.float32)


class G2pEnglish:
    """Letters to phones."""

    def __init__(self) -> None:
        verify_weights("g2p-en")
        path = package_folder("g2p_en") / "checkpoint20.npz"
        with np.load(path, allow_pickle=False) as archive:
            self._weights = {name: archive[name].astype(np.float32) for name in archive.files}

    def pronounce(self, word: str) -> list[str]:
        """Return the phones of a word, ARPABET without stress; [] if it has no letter."""
        folded = unicodedata.normalize("NFKD", word.lower())
        letters = [c for c in folded if c in _LETTERS]
        if not letters:
            return []
        weights = self._weights
        state = np.zeros(weights["enc_w_hh"].shape[1], np.float32)
        for index in [*(_LETTERS[c] for c in letters), _END_OF_WORD]:
            state = _gru(weights["enc_emb"][index], state, weights, "enc")
        phones: list[str] = []
        last = _START
        while len(phones) < _MOST_PHONES:
            state = _gru(weights["dec_emb"][last], state, weights, "dec")
            last = int(np.argmax(weights["fc_w"] @ state + weights["fc_b"]))
            if last == _END:
                break
            if last >= _FIRST_PHONE:
                phones.append(_PHONES[last - _FIRST_PHONE].rstrip("012"))
        return phones


@functools.lru_cache(maxsize=1)
def load() -> G2pEnglish:
    """Return the process's model."""
    return G2pEnglish()
