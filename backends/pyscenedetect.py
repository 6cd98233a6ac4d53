"""How much the picture changes from frame to frame, by PySceneDetect's content detector."""

from scenedetect.detectors import ContentDetector

from backends.protocols.arrays import RgbImage


class _Scores(ContentDetector):
    """The detector's score by itself; its own cut rule is not used."""

    def score(self, bgr: RgbImage) -> float:
        return self._calculate_frame_score(None, bgr)  # pyright: ignore[reportArgumentType]


class ContentScorer:
    """Mean change of hue, saturation and luma between consecutive pictures, 0 to 255."""

    def __init__(self) -> None:
        self._detector = _Scores()

    def change(self, image: RgbImage) -> float:
        """Return the change since the last picture (0.0 for the first)."""
        return float(self._detector.score(image[:, :, ::-1]))
