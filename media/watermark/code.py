"""16 bits as 256 signs: the dual of the double-error-correcting BCH code, decoded softly and exactly.

The codeword of a payload (a, b), a byte each, is the trace of a x + b x^3 over all x of the field of 256
elements: a linear [256, 16] code whose words differ in at least 112 places (MacWilliams and Sloane 1977,
The theory of error-correcting codes, chapter 15). For each b all a are compared by one Hadamard
matrix, so 65,536 words cost one product of two 256 x 256 matrices and no word is missed.
"""

import functools

import numpy as np
import numpy.typing as npt

NUM_SYMBOLS = 256
MAX_PAYLOAD = 2**16 - 1
NUM_PAYLOADS = MAX_PAYLOAD + 1
_POLYNOMIAL = 0x11D  # x^8 + x^4 + x^3 + x^2 + 1, primitive
FloatArray = npt.NDArray[np.floating]


def codeword(payload: int) -> npt.NDArray[np.float32]:
    """Return the signs (256,), -1 or 1, of a payload.

    Raises:
        ValueError: if it is not a number of 16 bits.
    """
    if not 0 <= payload <= MAX_PAYLOAD:
        raise ValueError(f"payload {payload}: should be from 0 to {MAX_PAYLOAD}")
    linear, cubic = _signs()
    return linear[payload >> 8] * cubic[payload & 255]


def best_payload(symbols: FloatArray) -> tuple[int, float]:
    """Return the payload whose codeword fits soft symbols (256,) best, and its inner product with them."""
    linear, cubic = _signs()
    fits = linear @ (cubic * symbols.astype(np.float32)).T  # (a, b)
    best = int(fits.argmax())
    return best, float(fits.ravel()[best])


@functools.cache
def _signs() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return signs (256, 256) of the traces of a x and of b x^3."""
    products = np.array([[_product(a, x) for x in range(256)] for a in range(256)])
    cubes = [_product(x, _product(x, x)) for x in range(256)]
    signs = np.array([1 - 2 * _trace(x) for x in range(256)], np.float32)
    return signs[products], signs[products[:, cubes]]


def _product(a: int, b: int) -> int:
    result = 0
    while b:
        result ^= a * (b & 1)
        a, b = a << 1, b >> 1
        a ^= _POLYNOMIAL * (a >> 8)
    return result


def _trace(x: int) -> int:
    total = 0
    for _ in range(8):
        total, x = total ^ x, _product(x, x)
    return total
