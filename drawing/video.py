"""The overlay video's frames: the clip, the clip with its marks, with its body, captions and the timeline."""

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from drawing import captions
from drawing.captions import Captions
from drawing.clip_view import ClipView
from drawing.panel import draw_panel, fit, resize
from drawing.style import BACKGROUND, DIM, STATUS_COLOURS, TEXT, Image
from drawing.text import Style, draw_text, text_width
from drawing.timeline import draw_cursor, draw_timeline, timeline_height

_PANEL_MAX = (720, 640)
_MIN_WIDTH = 720
_HEADER_PX = 50
_LINE_PX = 24


class OverlayVideo:
    """Draws the frames of one clip's overlay; all have the size (`height`, `width`)."""

    def __init__(self, clip: ClipView) -> None:
        self._clip = clip
        self._panel = fit(clip.width, clip.height, *_PANEL_MAX)
        self._num_panels = 2 if clip.mesh is None else 3
        self.width = max(self._num_panels * self._panel[0], _MIN_WIDTH)
        self._timeline = draw_timeline(self.width, clip.timeline)
        self._captions = Captions(clip.words, clip.language, self.width, clip.without_words)
        height = _HEADER_PX + self._panel[1] + captions.HEIGHT_PX + timeline_height()
        self.height = height + height % 2
        self._ground = self._draw_ground()

    def _draw_ground(self) -> Image:
        """Draw what is the same on every frame."""
        clip = self._clip
        canvas = Pillow.new("RGB", (self.width, self.height), BACKGROUND)
        draw = ImageDraw.Draw(canvas)
        key = Style(size_px=14, bold=True)
        key_width = text_width(clip.key, key)
        draw_text(draw, (12, 18), clip.key, key)
        status = Style(size_px=14, bold=True, colour=STATUS_COLOURS.get(clip.status, DIM))
        status_width = text_width(clip.status, status)
        draw_text(draw, (self.width - 12 - status_width, 18), clip.status, status)
        room = self.width - key_width - status_width - 48
        draw_text(draw, (24 + key_width, 18), clip.name, Style(size_px=14, colour=DIM), room)
        ground = np.array(canvas)
        y = _HEADER_PX + self._panel[1] + captions.HEIGHT_PX
        ground[y : y + timeline_height()] = self._timeline.image
        return ground

    def draw(self, index: int, image: Image) -> Image:
        """Return frame `index` of the overlay, (height, width, 3), from that frame of the clip."""
        clip, (width, height) = self._clip, self._panel
        seconds = index / clip.fps
        canvas = self._ground.copy()
        canvas[_LINE_PX : _LINE_PX + _LINE_PX] = self._numbers(index)
        shown = resize(image, self._panel)
        panels = [shown, draw_panel(image, shown, clip.marks[index], clip.inset)]
        panels += [] if clip.mesh is None else [clip.mesh.draw(index, shown)]
        left = (self.width - len(panels) * width) // 2
        area = canvas[_HEADER_PX : _HEADER_PX + height, left:]
        area[:, : len(panels) * width] = np.concatenate(panels, axis=1)
        y = _HEADER_PX + height
        canvas[y : y + captions.HEIGHT_PX] = self._captions.strip(seconds)
        y += captions.HEIGHT_PX
        draw_cursor(canvas[y : y + timeline_height()], self._timeline.x_at(seconds))
        return canvas

    def _numbers(self, index: int) -> Image:
        """Draw the line of frame number, time and head pose."""
        clip = self._clip
        strip = Pillow.new("RGB", (self.width, _LINE_PX), BACKGROUND)
        draw = ImageDraw.Draw(strip)
        style = Style(size_px=14, colour=TEXT)
        draw_text(draw, (12, 16), f"frame {index} / {clip.num_frames}", style)
        total = clip.num_frames / clip.fps
        draw_text(draw, (170, 16), f"{index / clip.fps:.2f} s / {total:.2f} s", style)
        text = head_pose_text(clip, index)
        draw_text(draw, (self.width - 12 - text_width(text, style), 16), text, style)
        return np.array(strip)


def head_pose_text(clip: ClipView, index: int) -> str:
    """Return a frame's head pose in words, or that there is none."""
    angles = clip.marks[index].angles_degrees
    if angles is None:
        return "face not seen"
    yaw, pitch, roll = (round(a) for a in angles)  # whole numbers have no minus zero
    return f"yaw {yaw:+d}°  pitch {pitch:+d}°  roll {roll:+d}°"
