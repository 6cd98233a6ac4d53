"""Propose clips: spans of a shot in which one face is visible, large enough and continuous."""

from transforms.propose_clips.config import ClipConfig
from transforms.propose_clips.propose import divide, propose_clips

__all__ = ["ClipConfig", "divide", "propose_clips"]
