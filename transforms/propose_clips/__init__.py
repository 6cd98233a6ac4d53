"""Propose clips: spans of a shot in which one face is visible, large enough and continuous."""

from transforms.propose_clips.config import ClipConfig
from transforms.propose_clips.pieces import lost_to_jumps, pieces_between_jumps
from transforms.propose_clips.propose import divide, propose_clips

__all__ = ["ClipConfig", "divide", "lost_to_jumps", "pieces_between_jumps", "propose_clips"]
