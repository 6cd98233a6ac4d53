"""Archives of arrays that say strange things, with right checksums."""

import io
import struct
import zipfile

from tools.fuzz.target import Choices, zipped

_FILLS = (b"\0", b"\xff", b"\x7f", b"\1\0\0\0", struct.pack("<f", 3e38), struct.pack("<d", 1e300))
_KINDS = (
    "<f4", "<f8", "<f2", "<i8", "|u1", "|b1", "<u8", "<c16", "<U3", "|S2", "|V4", "<M8[ns]", "<m8[D]", "|O",
    ">f4", "x", "", "|S0", "<f4,<f4",
)  # fmt: skip
_SHAPES = (
    "()", "(0,)", "(4,)", "(4, 3)", "(4, 0)", "(5, 3)", "(4, 478, 3)", "(1, 1, 1, 1)", "(-1, 3)", "(2**20,)",
    "(1000000000000, 3)", "(True,)", "(0, 1099511627775, 1099511627775)", "[4]", "4", "(4.0,)", "(" * 99,
)  # fmt: skip


def strange_npz(data: bytes, whole: bytes) -> bytes:
    """Return an archive of which some arrays are others than in `whole`, as `data` decides."""
    choices = Choices(data)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(1 + choices.below(3)):
        name = list(members)[choices.below(len(members))]
        what = choices.below(5)
        if what == 0:
            del members[name]
        elif what == 1:
            members[name] = members[name][: choices.below(20)]
        elif what == 2:
            fill = _FILLS[choices.below(len(_FILLS))]
            size = len(members[name]) - 128
            members[name] = members[name][:128] + (fill * (size // len(fill) + 1))[:size]
        elif what == 3:
            members[name] = _header(choices) + members[name][128:]
        else:
            members[name] = _header(choices) + choices.rest()
        if not members:
            break
    return zipped(list(members.items()))


def _header(choices: Choices) -> bytes:
    kind, shape = _KINDS[choices.below(len(_KINDS))], _SHAPES[choices.below(len(_SHAPES))]
    order = ("False", "True", "0", "'x'")[choices.below(4)]
    text = f"{{'descr': {kind!r}, 'fortran_order': {order}, 'shape': {shape}}}".ljust(117) + "\n"
    version = (1, 2, 3, 9)[choices.below(4) if choices.below(5) == 1 else 0]
    length = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + text.encode()
