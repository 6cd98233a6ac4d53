"""Which landmarks MediaPipe joins by lines, as chains of points.

The same connections as in `mediapipe.solutions` (face_mesh_connections, hands_connections,
pose_connections), written as chains so that a part is drawn in one call; a test compares them.
"Left" and "right" are the person's own.
"""

from body import face_mesh as mesh

Chain = tuple[int, ...]

FACE_OVAL: tuple[Chain, ...] = ((*mesh.FACE_OVAL, mesh.FACE_OVAL[0]),)
EYES: tuple[Chain, ...] = (
    *(mesh.LEFT_LOWER_LID, mesh.LEFT_UPPER_LID),
    *(mesh.RIGHT_LOWER_LID, mesh.RIGHT_UPPER_LID),
)
BROWS: tuple[Chain, ...] = (
    *(mesh.LEFT_LOWER_BROW, mesh.LEFT_UPPER_BROW),
    *(mesh.RIGHT_LOWER_BROW, mesh.RIGHT_UPPER_BROW),
)
LIPS: tuple[Chain, ...] = (
    *(mesh.LOWER_OUTER_LIP, mesh.UPPER_OUTER_LIP),
    *(mesh.LOWER_INNER_LIP, mesh.UPPER_INNER_LIP),
)
IRISES: tuple[Chain, ...] = tuple((*rim, rim[0]) for rim in (mesh.LEFT_IRIS[1:], mesh.RIGHT_IRIS[1:]))
# fmt: off
NOSE: tuple[Chain, ...] = ((
    168, 6, 197, 195, 5, 4, 1, 19, 94, 2, 326, 327, 294, 278, 344, 440, 275, 4, 45, 220, 115, 48, 64, 98,
    97, 2,
),)
HAND: tuple[Chain, ...] = (
    (0, 1, 2, 3, 4), (0, 5, 6, 7, 8), (5, 9, 10, 11, 12), (9, 13, 14, 15, 16), (13, 17, 18, 19, 20), (0, 17),
)
POSE_FACE: tuple[Chain, ...] = ((0, 1, 2, 3, 7), (0, 4, 5, 6, 8), (9, 10))
POSE_BODY: tuple[Chain, ...] = (
    (11, 12), (11, 13), (13, 15), (12, 14), (14, 16), (11, 23), (12, 24), (23, 24), (23, 25), (25, 27),
    (24, 26), (26, 28), (27, 29), (29, 31), (27, 31), (28, 30), (30, 32), (28, 32),
)
POSE_LEFT_HAND: tuple[Chain, ...] = ((15, 17), (15, 19), (15, 21), (17, 19))
POSE_RIGHT_HAND: tuple[Chain, ...] = ((16, 18), (16, 20), (16, 22), (18, 20))
# fmt: on

FACE_CONTOURS = (*FACE_OVAL, *EYES, *BROWS)
