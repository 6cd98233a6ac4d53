"""Makes `import torchaudio` work beside a CPU-only torch.

PyPI's torchaudio wheels for x86_64 link CUDA libraries; beside a CPU torch their import fails
and takes transformers, pyannote and whisperx with it. Its Python code runs without the C++
extension as long as nothing calls forced_align, rnnt_loss or lfilter, which we do not. pyannote
3.x also reads names that torchaudio 2.9 removed.
"""

import importlib.util
import sys
import types
from collections import namedtuple
from pathlib import Path

_AudioMetaData = namedtuple("AudioMetaData", "sample_rate num_frames num_channels bits_per_sample encoding")


def install() -> str:
    """Prepare torchaudio for import; returns "native", "python-only" or "absent"."""
    spec = importlib.util.find_spec("torchaudio")
    if spec is None or spec.origin is None:
        return "absent"
    state = "native"
    if "torchaudio" not in sys.modules and not _extension_loads(Path(spec.origin).parent / "lib"):
        state = "python-only"
        sys.modules["torchaudio._extension"] = _stub_extension()
    import torchaudio

    if not hasattr(torchaudio, "AudioMetaData"):
        setattr(torchaudio, "AudioMetaData", _AudioMetaData)  # noqa: B010
        setattr(torchaudio, "list_audio_backends", lambda: ["soundfile"])  # noqa: B010
    return state


def _extension_loads(folder: Path) -> bool:
    import torch

    try:
        for library in sorted(folder.glob("_torchaudio*.so")):
            torch.ops.load_library(str(library))
    except OSError:
        return False
    return True


def _stub_extension() -> types.ModuleType:
    extension = types.ModuleType("torchaudio._extension")
    extension.__path__ = []

    def fail_if_no_align(function):
        def unavailable(*args, **kwargs):
            raise RuntimeError(f"{function.__name__} needs torchaudio's native extension")

        return unavailable

    vars(extension).update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False,
        _IS_ALIGN_AVAILABLE=False,
        _check_cuda_version=lambda: None,
        fail_if_no_align=fail_if_no_align,
    )
    return extension
