"""Checkpoints of a run of training in a folder: written whole or not at all, the last ones kept."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from schemas.outcomes import BadInputError

_STATE, _PROGRESS = "state.safetensors", "progress.json"
_KEPT = 2


def keep(folder: Path, step: int, tensors: Mapping[str, Tensor], said: Mapping[str, Any]) -> None:
    """Write the checkpoint of a step, and drop old ones.

    Args:
        said: what else is to be known, as plain values.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"step-{step:08d}"
    unfinished = folder / f"unfinished-{os.getpid()}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    whole = {name: value.detach().contiguous().clone() for name, value in tensors.items()}
    save_file(whole, unfinished / _STATE)
    (unfinished / _PROGRESS).write_text(json.dumps(said, sort_keys=True), encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
    for old in _checkpoints(folder)[:-_KEPT]:
        shutil.rmtree(old)


def last_kept(folder: Path, identity: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Return the tensors of a folder's last checkpoint and what else is known of it; None: there is none.

    Args:
        identity: what `said["identity"]` should be.

    Raises:
        BadInputError: if it is of another run, or damaged.
    """
    checkpoints = _checkpoints(folder)
    if not checkpoints:
        return None
    checkpoint = checkpoints[-1]
    try:
        said = json.loads((checkpoint / _PROGRESS).read_text(encoding="utf-8"))
        tensors = load_file(checkpoint / _STATE)
        found = said["identity"]
    except Exception as error:
        raise BadInputError(
            f"{checkpoint}: a damaged checkpoint ({error}); delete it to go on without it"
        ) from error
    if found != identity:
        differ = sorted(k for k in {*found, *identity} if found.get(k) != identity.get(k))
        raise BadInputError(
            f"{folder} holds a run with another {', '.join(differ)}; name another folder, or delete it"
        )
    return tensors, said


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("step-*") if path.is_dir())
