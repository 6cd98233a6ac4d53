"""AMASS-style .npz: the layout of SMPL-X files of the AMASS collection (Mahmood et al., 2019).

z is up, as in AMASS; a person before the camera looks along -y. Hand poses are complete: load them with
`flat_hand_mean=True`. Beyond AMASS's arrays the file holds expression, model_id, the masks `valid_*`, and the
camera: `camera_to_world` (3, 3) with its position at the origin, `focal_length_px` and `image_size_px`.
"""

import numpy as np

from body.export.skeleton import axis_angles, quaternion_product, quaternions
from body.model import BodyModel
from body.skinning import rest_joints
from body.track import BodyTrack, check_model
from schemas.sample import arrays_to_npz

Z_UP_FROM_CAMERA = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
_QUARTER_TURN = np.array([-np.pi / 2, 0.0, 0.0])  # the same as an axis-angle vector


def amass_npz(model: BodyModel, track: BodyTrack) -> bytes:
    """Return the file; poses (N, 165) rad, trans (N, 3) m, betas (S,), expression (N, E).

    Raises:
        BadInputError: if the track belongs to another model.
    """
    check_model(model, track)
    pose = track.full_pose().astype(np.float64)
    pose[:, 0] = axis_angles(quaternion_product(quaternions(_QUARTER_TURN), quaternions(pose[:, 0])))
    poses = pose.reshape(len(pose), -1).astype(np.float32)
    # SMPL-X turns about the pelvis, which lies off the origin: turning the world moves it.
    pelvis = rest_joints(model, track.betas[None], np.zeros((1, 1)))[0, 0].astype(np.float64)
    trans = (pelvis + track.transl.astype(np.float64)) @ Z_UP_FROM_CAMERA.T - pelvis
    arrays = {
        "gender": np.array("neutral"),
        "surface_model_type": np.array("smplx"),
        "model_id": np.array(track.model_id),
        "mocap_frame_rate": np.array(track.fps),
        "mocap_time_length": np.array(track.num_frames / track.fps),
        "trans": trans.astype(np.float32),
        "betas": track.betas,
        "num_betas": np.array(len(track.betas)),
        "poses": poses,
        "root_orient": poses[:, :3],
        "pose_body": poses[:, 3:66],
        "pose_jaw": poses[:, 66:69],
        "pose_eye": poses[:, 69:75],
        "pose_hand": poses[:, 75:],
        "expression": track.expression,
        "camera_to_world": Z_UP_FROM_CAMERA,
        "focal_length_px": np.array(track.focal_length_px),
        "image_size_px": np.array([track.width, track.height]),
    }
    return arrays_to_npz(arrays | {f"valid_{part}": mask for part, mask in track.valid.items()})
