"""Face detection with MediaPipe's BlazeFace, full-range or short-range (weights in the wheel)."""

import functools

from backends.protocols.arrays import RgbImage
from backends.protocols.pictures import Detection
from backends.quiet import import_mediapipe


class MediaPipeFaces:
    """`FaceDetector` on `mediapipe.solutions.face_detection`."""

    def __init__(self, min_score: float, full_range: bool) -> None:
        mediapipe = import_mediapipe()
        self.name = f"mediapipe-{mediapipe.__version__}/face_detection_{'full' if full_range else 'short'}"
        self._model = mediapipe.solutions.face_detection.FaceDetection(
            model_selection=int(full_range), min_detection_confidence=min_score
        )

    def detect(self, image: RgbImage) -> list[Detection]:
        """Return faces, boxes around brow to chin, clipped to nothing (they may leave the picture)."""
        height, width = image.shape[:2]
        found = self._model.process(image).detections or []
        return [_detection(d, width, height) for d in found]


def _detection(raw, width: int, height: int) -> Detection:
    box = raw.location_data.relative_bounding_box
    x0, y0 = box.xmin * width, box.ymin * height
    return Detection((x0, y0, x0 + box.width * width, y0 + box.height * height), float(raw.score[0]))


@functools.lru_cache(maxsize=2)
def load(min_score: float, full_range: bool) -> MediaPipeFaces:
    """Return the process's detector."""
    return MediaPipeFaces(min_score, full_range)
