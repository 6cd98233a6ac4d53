"""A runner of Beam pipelines in one process whose shuffle is on disk, and that says what each step took.

Beam's own local runner keeps every element between two stages in memory. This one passes an element through
all that follows it until a grouping, and writes it to one of the grouping's files. Groups are then read a
file at a time, so memory holds one file's groups, side inputs, and what a step itself gathers. Combines are
lifted, as runners for clusters do. It has one window and no state or timers, which is all that the chain
needs.
"""

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apache_beam.pipeline import AppliedPTransform, Pipeline
from apache_beam.runners.runner import PipelineResult, PipelineRunner, PipelineState

from benchmarks.disk_groups import Costs, measure
from benchmarks.disk_nodes import KINDS, Grouping, Node, Shared

_OBJECTS = 50_000  # between two searches for cycles in all that waits in memory
_DEPTH = 20_000  # calls: an element passes through a whole stage


class Graph:
    """The transforms of a pipeline, ready to run, and what they took."""

    def __init__(self, root: AppliedPTransform, step_of: Callable[[str], str], folder: Path) -> None:
        self.shared = Shared(step_of, folder)
        self.costs = self.shared.costs
        self.nodes: list[Node] = []
        self._gather(root)
        makers: dict[int, Node] = {}
        for node in self.nodes:
            for tag, pcoll in node.applied.outputs.items():
                makers[id(pcoll)] = node
                node.takers[tag] = []
        for node in self.nodes:
            for pcoll in node.inputs:
                maker = makers[id(pcoll)]
                tag = next(t for t, p in maker.applied.outputs.items() if p is pcoll)
                maker.takers[tag].append(node)
            for side in node.sides:
                self.shared.kept[id(side)] = []

    def _gather(self, applied: AppliedPTransform) -> None:
        for kind, node in KINDS:
            if isinstance(applied.transform, kind):
                self.nodes.append(node(applied, self.shared))
                return
        if not applied.parts and applied.transform is not None and applied.full_label:
            if all(any(p is q for q in applied.inputs) for p in applied.outputs.values()):
                return  # a composite that gives what it gets
            raise NotImplementedError(f"{applied.full_label}: {type(applied.transform).__name__}")
        for part in applied.parts:
            self._gather(part)

    def run(self) -> None:
        """Run all nodes, each when all that it needs is there. Order within the graph is that of making."""
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEPTH))
        left = list(self.nodes)
        while left:
            ready = [n for n in left if all(map(self.shared.is_complete, (*n.inputs, *n.sides)))]
            if not ready:
                raise RuntimeError(f"nothing can run: {[n.applied.full_label for n in left]}")
            # What reads no files ends first, so that side inputs are complete before they are asked.
            node = min(ready, key=lambda n: (isinstance(n, Grouping), left.index(n)))
            self.costs.begin_phase(node.step)
            before = self.costs.enter(node.step)
            node.finish()
            self.costs.enter(before)
            self.costs.end_phase(node.step)
            self.shared.complete |= {id(pcoll) for pcoll in node.applied.outputs.values()}
            left.remove(node)


class DiskRunner(PipelineRunner):
    """Runs a pipeline in this process with its shuffle below a folder; `costs` says what steps took.

    Args:
        step_of: names the step of a transform by its full label.
    """

    def __init__(self, step_of: Callable[[str], str], folder: Path) -> None:
        self._step_of, self._folder = step_of, folder
        self.costs: Costs | None = None

    def run_pipeline(self, pipeline: Pipeline, options: Any) -> PipelineResult:
        """Run it to its end."""
        graph = Graph(pipeline._root_transform(), self._step_of, self._folder)
        self.costs = graph.costs
        measure(graph.costs)
        before = gc.get_threshold()
        gc.set_threshold(_OBJECTS)
        try:
            graph.run()
        finally:
            gc.set_threshold(*before)
        return _Done(PipelineState.DONE)


class _Done(PipelineResult):
    def wait_until_finish(self, duration: Any = None) -> Any:
        """It is."""
        return self.state
