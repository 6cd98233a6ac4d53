"""Sound features of windows, heard over the whole clip.

So a window has the vectors that its clip has when it is drawn whole, and an encoder that costs more than the
network hears each clip once.
"""

from collections import OrderedDict
from typing import Any

import numpy as np
import numpy.typing as npt

from models.data.records import Window
from models.motion.sound import SoundFeatures

Float = npt.NDArray[np.float32]
_MAX_BYTES = 1 << 30  # of a process that reads: three hours of Whisper base
_MAX_SENT_BYTES = 1 << 28  # to each of them: sent within a second, and heard anew in a minute


class HeardClips:
    """Remembers features of clips, in memory alone: they tell a voice."""

    def __init__(self, features: SoundFeatures, max_bytes: int = _MAX_BYTES) -> None:
        self._features, self._max_bytes = features, max_bytes
        self._known: OrderedDict[tuple[str, int], npt.NDArray[np.float16]] = OrderedDict()
        self._bytes = 0

    def __getstate__(self) -> dict[str, Any]:
        """Send processes that read what is remembered here, unless it is much: it is sent to each of them."""
        if self._bytes <= _MAX_SENT_BYTES:
            return vars(self)
        return vars(self) | {"_known": OrderedDict(), "_bytes": 0}

    def at_frames(self, window: Window) -> Float:
        """Return (T, C) of a window that was read `with_clip_sound`."""
        assert window.clip_sound is not None
        span = slice(window.start_frame, window.start_frame + window.num_frames)
        number = max(int(window.about["num_frames"]), span.stop)
        name = (window.key, number)
        known = self._known.get(name)
        if known is None:
            # Sixteen bits in either case, so that what is remembered is what was heard first.
            known = self._features.at_frames(window.clip_sound, number, window.fps).astype(np.float16)
            self._remember(name, known)
        else:
            self._known.move_to_end(name)
        return known[span].astype(np.float32)

    def _remember(self, name: tuple[str, int], heard: npt.NDArray[np.float16]) -> None:
        self._known[name] = heard
        self._bytes += heard.nbytes
        while self._bytes > self._max_bytes and len(self._known) > 1:
            self._bytes -= self._known.popitem(last=False)[1].nbytes
