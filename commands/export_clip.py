"""Export the body of one clip of a finished run to a format of other programs."""

import datetime
from collections.abc import Callable, Mapping
from typing import Literal, get_args

from backends.catalogue import verify_weights
from body.export.amass import amass_npz
from body.export.arkit import arkit_csv
from body.export.bvh import bvh_text
from body.export.glb import glb_bytes
from body.load import load_body_model
from body.model import BodyModel
from body.topology import MAX_EXPRESSION
from body.track import BodyTrack
from media.source import is_remote, local_path
from pipelines.open_clip import usable_clip
from pipelines.run_folder import RunFolder
from pipelines.stored_clip import body_track, clip_arrays
from schemas.days import utc_today
from schemas.outcomes import BadInputError
from transforms.storage import write_bytes

ExportFormat = Literal["glb", "amass", "arkit", "bvh"]
EXPORT_FORMATS: tuple[str, ...] = get_args(ExportFormat)
_EXTENSIONS: Mapping[str, str] = {"glb": "glb", "amass": "npz", "arkit": "csv", "bvh": "bvh"}
_WRITERS: Mapping[str, Callable[[BodyModel, BodyTrack], bytes | str]] = {
    "glb": glb_bytes,
    "amass": amass_npz,
    "arkit": arkit_csv,
    "bvh": bvh_text,
}


def export_clip(
    output: str,
    key: str,
    format: str,
    target: str | None = None,
    body_model: str | None = None,
    today: datetime.date | None = None,
) -> str:
    """Write the body of a clip as a file of another program; returns its path.

    Args:
        output: the folder of a finished run.
        key: the clip's key, or enough of its beginning.
        format: one of EXPORT_FORMATS.
        target: the file to write; None is OUT/export/KEY with the format's extension.
        body_model: the SMPLX_*.npz that the run was fitted with; None is the embedded model.
        today: the day on which the clip's consent has to hold; None is today.

    Raises:
        BadInputError: if there is no such run, clip, body fit or format, the clip may not be used any more,
            the parts are gone or damaged, or the body model is another than the fit's.
    """
    if format not in _WRITERS:
        raise BadInputError(f"no such format: {format!r}; there are {', '.join(EXPORT_FORMATS)}")
    folder = RunFolder(output)
    result = folder.finished()
    clip = usable_clip(folder, result, key, today or utc_today())
    track = body_track(clip, clip_arrays(folder.places(result), clip))
    if track is None:
        raise BadInputError(f"{clip.key}: the clip has no body fit. The clip: {clip.verdict}")
    if body_model is None:
        verify_weights("body-model")
    # ARKit's units need every expression component; the others take the track's own number of them.
    model = load_body_model(body_model, len(track.betas), MAX_EXPRESSION)
    content = _WRITERS[format](model, track)
    path = target or folder.exported(f"{clip.key}.{_EXTENSIONS[format]}")
    if not is_remote(path) and local_path(path).is_dir():
        raise BadInputError(f"{path}: is a folder; name a file")
    try:
        write_bytes(path, content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as error:
        raise BadInputError(f"{path}: cannot be written ({error})") from error
    return path
