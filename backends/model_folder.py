"""A folder of a user's model in diffusers' layout: settings and weights of its parts.

Nothing outside the folder is read, nothing is downloaded, and nothing is unpickled.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from schemas.outcomes import BadInputError

LAYOUT = "a folder in diffusers' layout has unet/, vae/ and scheduler/, each with its settings as .json"
_PICKLED = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".msgpack", ".h5")
_KINDS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
_MAX_SETTINGS_BYTES, _MAX_WEIGHTS_BYTES = 1 << 20, 16 << 30
# Settings of real models are far below; larger ones would keep a machine busy before anything is compared.
_MAX_DEPTH, _MAX_ITEMS, _MAX_NUMBER = 4, 2048, 1 << 16


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFolder:
    """A folder that holds a model."""

    root: Path

    @classmethod
    def opened(cls, root: Path) -> "ModelFolder":
        """Return the folder.

        Raises:
            BadInputError: if it is none; names of models elsewhere are none either.
        """
        if root.is_file():
            raise BadInputError(f"{root}: a file; {LAYOUT}")
        if not root.is_dir():
            raise BadInputError(f"{root}: no such folder, and nothing is downloaded; {LAYOUT}")
        return cls(root=root.resolve())

    def has(self, part: str) -> bool:
        """Return whether there is a part, as "text_encoder"."""
        return (self.root / part).is_dir()

    def settings(self, part: str, file: str = "config.json") -> dict[str, Any]:
        """Return the settings of a part.

        Raises:
            BadInputError: if they are missing, none, or out of all bounds.
        """
        path = self._inside(part, file)
        if not path.is_file():
            raise BadInputError(f"{self.root}: {part}/{file} is missing; {LAYOUT}")
        try:
            if path.stat().st_size > _MAX_SETTINGS_BYTES:
                raise BadInputError(f"{path}: {path.stat().st_size} bytes are too many for settings")
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise BadInputError(f"{path}: no settings ({error})") from error
        if not isinstance(found, dict):
            raise BadInputError(f"{path}: no settings: names with values are expected")
        _check_bounds(found, path, 0)
        return found

    def weights(self, part: str, stem: str = "diffusion_pytorch_model") -> dict[str, Tensor]:
        """Return the weights of a part, float32, from one file or several.

        Raises:
            BadInputError: if there are none as safetensors, or they are damaged or not finite.
        """
        tensors: dict[str, Tensor] = {}
        for path in self._weight_files(part, stem):
            try:
                tensors |= load_file(path)
            except (OSError, SafetensorError, ValueError, LookupError) as error:
                raise BadInputError(f"{path}: damaged weights ({error})") from error
        for name, value in tensors.items():
            if value.dtype not in _KINDS or not bool(torch.isfinite(value).all()):
                raise BadInputError(f"{self.root / part}: {name}: weights that are not finite numbers")
        return {name: value.float() for name, value in tensors.items()}

    def files(self, part: str) -> Iterator[Path]:
        """Yield the files of a part.

        Raises:
            BadInputError: if one lies elsewhere, or is pickled.
        """
        for path in sorted((self.root / part).iterdir()):
            if path.is_file():
                yield self._inside(part, path.name)

    def _weight_files(self, part: str, stem: str) -> list[Path]:
        index = self._inside(part, f"{stem}.safetensors.index.json")
        names = [f"{stem}.safetensors"]
        if index.is_file():
            names = self._named_by(index)
        elif not self._inside(part, names[0]).is_file():
            names = [f"{stem}.fp16.safetensors"]
        paths = [self._inside(part, name) for name in names]
        missing = [path for path in paths if not path.is_file()]
        if missing:
            raise BadInputError(self._why_missing(part, stem))
        if (size := sum(path.stat().st_size for path in paths)) > _MAX_WEIGHTS_BYTES:
            raise BadInputError(f"{self.root / part}: {size} bytes of weights are too many")
        return paths

    def _named_by(self, index: Path) -> list[str]:
        named = self.settings(index.parent.name, index.name).get("weight_map")
        if not isinstance(named, Mapping) or not all(isinstance(file, str) for file in named.values()):
            raise BadInputError(f"{index}: no list of files")
        return sorted(set(named.values()))

    def _why_missing(self, part: str, stem: str) -> str:
        place = self.root / part
        pickled = sorted(p.name for p in place.glob("*") if p.suffix in _PICKLED) if place.is_dir() else []
        if pickled:
            return (
                f"{place / pickled[0]}: pickled weights are not read, as they can run programs; load them "
                "where you trust them and save them again with save_pretrained(DIR, safe_serialization=True)"
            )
        return f"{place}: {stem}.safetensors is missing; {LAYOUT}"

    def _inside(self, part: str, name: str) -> Path:
        path = self.root / part / name
        if Path(name).name != name or not path.resolve().is_relative_to(self.root):
            raise BadInputError(
                f"{path}: leads out of {self.root}, and only what lies in it is read; copy the model with "
                "its links followed (cp -rL)"
            )
        return path


def _check_bounds(value: Any, path: Path, depth: int) -> None:
    """Raise BadInputError for settings that no model has."""
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = list(value.values())
    elif isinstance(value, list):
        inner = value
    # An index of files is a long list of names; models' settings are short.
    is_index = path.name.endswith(".index.json")
    if depth > _MAX_DEPTH or (len(inner) > _MAX_ITEMS and not is_index):
        raise BadInputError(f"{path}: no settings of a model: too many values")
    if not is_index and isinstance(value, int | float) and not abs(value) <= _MAX_NUMBER:
        raise BadInputError(f"{path}: no settings of a model: {value}")
    for one in inner:
        _check_bounds(one, path, depth + 1)
