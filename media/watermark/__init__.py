"""An invisible watermark in moving pictures: 16 bits in the luma, found again by who has the key.

Spread spectrum with a keyed tile (Cox, Kilian, Leighton and Shamoon 1997, Secure spread spectrum
watermarking for multimedia, IEEE Transactions on Image Processing 6) that repeats over the picture and
is the same in every frame. Half of the tile is known to who has the key and gives scale and place (as the
templates of Pereira and Pun 2000, but in the pixels); the other half carries the payload by a code with
an exact soft decoder (`code`). docs/responsible-use.md says what it survives and what not.
"""

from media.watermark.code import MAX_PAYLOAD
from media.watermark.detect import Finding, Searched, WatermarkReader
from media.watermark.embed import WatermarkWriter
from media.watermark.key import PUBLIC_KEY, key_kind, read_key
from media.watermark.scan import read_watermark

__all__ = [
    "MAX_PAYLOAD",
    "PUBLIC_KEY",
    "Finding",
    "Searched",
    "WatermarkReader",
    "WatermarkWriter",
    "key_kind",
    "read_key",
    "read_watermark",
]
