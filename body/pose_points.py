"""MediaPipe's 33 points of the body (BlazePose) and 21 of a hand: which point is what.

Numbers are those of `mediapipe.solutions.pose.PoseLandmark` and `hands.HandLandmark`. Pairs are left and
right, the person's own.
"""

NUM_POSE_POINTS = 33
NOSE = 0
EYES, EARS, MOUTH = (2, 5), (7, 8), (9, 10)
SHOULDERS, ELBOWS, WRISTS = (11, 12), (13, 14), (15, 16)
PINKIES, INDEXES, THUMBS = (17, 18), (19, 20), (21, 22)  # knuckles that the body's detector gives
HIPS, KNEES, ANKLES, HEELS, TOES = (23, 24), (25, 26), (27, 28), (29, 30), (31, 32)

_OTHER_PAIRS = ((1, 4), (3, 6))  # corners of the eyes, inner and outer
POSE_PARTNERS: tuple[int, ...] = tuple(
    dict(
        pair
        for left, right in (
            *_OTHER_PAIRS, EYES, EARS, MOUTH, SHOULDERS, ELBOWS, WRISTS, PINKIES, INDEXES, THUMBS,
            *(HIPS, KNEES, ANKLES, HEELS, TOES),
        )
        for pair in ((left, right), (right, left))
    ).get(point, point)
    for point in range(NUM_POSE_POINTS)
)  # fmt: skip
"""Of each of the body's points (33,) the one that mirrors it."""

# What tells where each limb goes, left and right.
LIMBS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "arm": ((ELBOWS[0], WRISTS[0]), (ELBOWS[1], WRISTS[1])),
    "leg": ((KNEES[0], ANKLES[0]), (KNEES[1], ANKLES[1])),
}

NUM_HAND_POINTS = 21
HAND_WRIST = 0
# The joint that each of a hand's points lies at; a tip (True) hangs from the last joint of its finger.
HAND_POINTS: tuple[tuple[str, bool], ...] = (
    ("wrist", False),
    *((f"{finger}{bone}", False) if bone < 4 else (f"{finger}3", True)
      for finger in ("thumb", "index", "middle", "ring", "pinky") for bone in (1, 2, 3, 4)),
)  # fmt: skip
