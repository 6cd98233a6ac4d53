"""Importing noisy libraries without their start-up chatter."""

import os
import warnings
from types import ModuleType


def import_mediapipe() -> ModuleType:
    """Import mediapipe with C++ logging limited to errors."""
    os.environ.setdefault("GLOG_minloglevel", "3")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", message=".*GetPrototype.*")
    import mediapipe

    return mediapipe
