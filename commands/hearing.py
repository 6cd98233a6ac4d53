"""How a motion model hears: its sound features, with the Whisper model that they need."""

from backends.weights import whisper_folder
from models.motion.sound import SoundFeatures, SoundKind, sound_features

WHISPER = "base"


def features_of(kind: SoundKind, whisper: str | None = None) -> SoundFeatures:
    """Return the features of a kind.

    Args:
        whisper: an embedded Whisper model or a folder; None: the one that the shipped model hears with.

    Raises:
        BadInputError: if that model is not there or is altered.
    """
    return sound_features(kind, str(whisper_folder(whisper or WHISPER)) if kind == "whisper" else None)
