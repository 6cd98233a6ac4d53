"""Landmarks of every frame: `collect` gathers them, `torso` steadies the shoulders and hips."""

from transforms.extract_landmarks.collect import (
    PARTS,
    LandmarkCollector,
    LandmarkConfig,
    clip_boxes,
    face_jumps,
    jumps_between,
    longest_run,
    region_around,
)
from transforms.extract_landmarks.torso import TorsoConfig, TorsoTracker

__all__ = [
    "PARTS",
    "LandmarkCollector",
    "LandmarkConfig",
    "TorsoConfig",
    "TorsoTracker",
    "clip_boxes",
    "face_jumps",
    "jumps_between",
    "longest_run",
    "region_around",
]
