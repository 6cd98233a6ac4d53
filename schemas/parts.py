"""The names of the parts that stages make of a clip; a sample is put together from them.

The survey makes the sound (`transforms/clip_sound.py`), the audio visit the voice, the look the pictures,
landmarks and face, the body fit its parameters. Nobody changes another stage's part.
"""

from typing import Protocol

VIDEO_PART = "clip.mp4"
LANDMARKS_PART = "landmarks.npz"
FACE_PART = "face.npz"
VOICE_PART = "voice.npz"
BODY_PART = "body.npz"

# Parts from which people can be recognised lie in a room of their own, which may be deleted.
PRIVATE_PARTS = frozenset({FACE_PART, VOICE_PART})


class PartReader(Protocol):
    """Reads the parts that earlier stages made of an element."""

    def read(self, stage: str, part: str) -> bytes:
        """Return a part's bytes.

        Raises:
            OSError: if it is not there or cannot be read.
        """
        ...

    def uri(self, stage: str, part: str) -> str:
        """Return where a part can be opened.

        Raises:
            FileNotFoundError: if the stage made nothing of the element.
        """
        ...
