"""Detect shots: where one continuous take ends and the next begins.

Two detectors share the work. PySceneDetect's content score (mean change of hue, saturation and
luma between frames) and the change of colours over half a second are computed on every
frame and cost next to nothing. Where either shows that something may have happened, TransNet V2
looks at a window of 100 frames. A still talker costs no network time at all, and a cut counts if
  - TransNet V2 is sure of it, or
  - the picture jumps in one frame, far above what its neighbours do, and stays changed. That
    finds jump cuts within one set-up, which TransNet V2 rates low, and passes over flashes.
"""

from transforms.detect_shots.build import build_shots
from transforms.detect_shots.cuts import find_cuts
from transforms.detect_shots.scan import THUMBNAIL, ShotConfig, ShotScanner, ShotScores

__all__ = ["THUMBNAIL", "ShotConfig", "ShotScanner", "ShotScores", "build_shots", "find_cuts"]
