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
from typing import Any, cast

from apache_beam import coders
from apache_beam.pipeline import AppliedPTransform, Pipeline
from apache_beam.pvalue import PCollection
from apache_beam.runners.common import DoFnRunner, Receiver
from apache_beam.runners.runner import PipelineResult, PipelineRunner, PipelineState
from apache_beam.transforms.core import (
    CombineFn,
    CombinePerKey,
    Flatten,
    GroupByKey,
    Impulse,
    ParDo,
    Windowing,
)
from apache_beam.transforms.sideinputs import SideInputMap
from apache_beam.transforms.util import Reshuffle, ReshufflePerKey
from apache_beam.transforms.window import GlobalWindow, GlobalWindows
from apache_beam.typehints.typehints import TupleHint
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from apache_beam.utils.windowed_value import WindowedValue

from benchmarks.disk_groups import Costs, Groups, Spool, measure

_ANY = coders.FastPrimitivesCoder()
_OBJECTS = 50_000
_WINDOWS = (GlobalWindow(),)
_DEPTH = 20_000  # calls: an element passes through a whole stage


class Node:
    """A transform of the graph: gets elements, gives elements to those that take its outputs."""

    def __init__(self, applied: AppliedPTransform, graph: "Graph") -> None:
        self.applied, self.graph = applied, graph
        self.step = graph.step_of(applied.full_label)
        self.num_in, self.done = 0, False
        self.inputs: list[PCollection] = [p for p in applied.inputs if isinstance(p, PCollection)]
        self.sides: list[PCollection] = [view.pvalue for view in applied.side_inputs]
        self.takers: dict[Any, list[Node]] = {}

    def give(self, tag: Any, value: Any) -> None:
        """Hand an element on."""
        kept = self.graph.kept.get(id(self.applied.outputs[tag]))
        if kept is not None:
            kept.append(value)
        for taker in self.takers[tag]:
            taker.get(value)

    def get(self, value: Any) -> None:
        """Take an element; time goes to the step it is spent in."""
        self.num_in += 1
        costs = self.graph.costs
        if self.step == costs.step:
            self.take(value)
            return
        before = costs.enter(self.step)
        self.take(value)
        costs.enter(before)

    def take(self, value: Any) -> None:
        """Do what the node does with an element."""
        raise NotImplementedError

    def finish(self) -> None:
        """All elements have come."""


class Passing(Node):
    """Flatten and Reshuffle: what comes in goes out."""

    def take(self, value: Any) -> None:
        """Hand it on."""
        self.give(None, value)


class Source(Node):
    """Impulse: one element."""

    def finish(self) -> None:
        """Give it."""
        self.give(None, b"")


class Grouping(Node):
    """GroupByKey by way of files."""

    def __init__(self, applied: AppliedPTransform, graph: "Graph") -> None:
        super().__init__(applied, graph)
        self._key, self._value = _pair_coders(self.inputs[0])
        self._groups = Groups(graph.new_folder(), self.step, graph.costs)

    def take(self, value: Any) -> None:
        """Write it to its key's file."""
        self._groups.add(self._key.encode(value[0]), self._value.encode(value[1]))

    def finish(self) -> None:
        """Give the groups, one file after the other."""
        decode = self._value.decode
        for key, values in self._groups:
            self.give(None, (self._key.decode(key), [decode(value) for value in values]))


class Combining(Node):
    """CombinePerKey: accumulators of all keys are held, as each bundle of a cluster's worker does."""

    def __init__(self, applied: AppliedPTransform, graph: "Graph") -> None:
        super().__init__(applied, graph)
        transform: Any = applied.transform
        self._fn: Any = CombineFn.maybe_from_callable(transform.fn)
        self._more: tuple[Any, ...] = (transform.args, transform.kwargs)
        self._totals: dict[Any, Any] = {}

    def take(self, value: Any) -> None:
        """Add it to its key's accumulator."""
        args, kwargs = self._more
        key, part = value
        total = self._totals.get(key)
        if total is None:
            total = self._fn.create_accumulator(*args, **kwargs)
        self._totals[key] = self._fn.add_input(total, part, *args, **kwargs)

    def finish(self) -> None:
        """Give each key's result."""
        args, kwargs = self._more
        totals, self._totals = self._totals, {}
        for key, total in totals.items():
            self.graph.costs.shuffled(self.step, _size(total), 1)
            self.graph.costs.held(self.step, self.applied.full_label, _size(total))
            compact = self._fn.compact(total, *args, **kwargs)
            self.give(None, (key, self._fn.extract_output(compact, *args, **kwargs)))


def _alone(value: Any) -> WindowedValue:
    """Return a value in the one window that there is."""
    return WindowedValue(value, MIN_TIMESTAMP, _WINDOWS)


def _size(total: Any) -> int:
    """Return how many bytes an accumulator has on its way; of long lists a sample is measured."""
    if isinstance(total, list) and len(total) > 1000:
        some = total[:: len(total) // 500]
        return int(len(total) * sum(len(_ANY.encode(x)) for x in some) / len(some))
    return len(_ANY.encode(total))


class Working(Node):
    """ParDo. Until its side inputs are complete, what comes waits in a file."""

    def __init__(self, applied: AppliedPTransform, graph: "Graph") -> None:
        super().__init__(applied, graph)
        self._runner: Any = None
        self._waiting: Spool | None = None

    def take(self, value: Any) -> None:
        """Process it, or let it wait."""
        early = self._runner is None and not all(map(self.graph.is_complete, self.sides))
        if early and self._waiting is None:
            self._waiting = Spool(self.graph.new_folder(), self.graph.costs)
        if self._waiting is None:
            self._started().process(_alone(value))
        else:
            self._waiting.add(_ANY.encode(value))

    def finish(self) -> None:
        """Process what waits, and end the bundle."""
        for data in self._waiting or ():
            self._started().process(_alone(_ANY.decode(data)))
        self._waiting = None
        self._started().finish()
        self._runner = None

    def _started(self) -> Any:
        """Return Beam's runner of the function, which begins with the first element, or the end."""
        if self._runner is not None:
            return self._runner
        transform: Any = self.applied.transform
        views = [
            SideInputMap(
                cast(Any, type(view)),
                view._view_options(),
                [_alone(x) for x in self.graph.kept[id(view.pvalue)]],
            )
            for view in self.applied.side_inputs
        ]
        receivers: Any = {tag: _Receiver(self, tag) for tag in self.applied.outputs}
        self._runner = DoFnRunner(
            transform.dofn, transform.args, transform.kwargs, views, Windowing(GlobalWindows()),
            tagged_receivers=receivers, step_name=self.applied.full_label,
        )  # fmt: skip
        self._runner.setup()
        self._runner.start()
        return self._runner


class _Receiver(Receiver):
    def __init__(self, node: Node, tag: Any) -> None:
        self._node, self._tag = node, tag

    def receive(self, windowed: Any) -> None:
        """Take an element from Beam's DoFnRunner."""
        self._node.give(self._tag, windowed.value)


def _pair_coders(pcoll: PCollection) -> tuple[Any, Any]:
    """Return the coders of keys and values, as Beam infers them from types."""
    hint = pcoll.element_type
    if isinstance(hint, TupleHint.TupleConstraint) and len(hint.tuple_types) == 2:
        key, value = hint.tuple_types
        return coders.registry.get_coder(key), coders.registry.get_coder(value)
    return _ANY, _ANY


_KINDS: tuple[tuple[type, type[Node]], ...] = (
    (CombinePerKey, Combining),
    (GroupByKey, Grouping),
    (Reshuffle, Passing),
    (ReshufflePerKey, Passing),
    (Flatten, Passing),
    (Impulse, Source),
    (ParDo, Working),
)


class Graph:
    """The transforms of a pipeline, ready to run, and what they took."""

    def __init__(self, root: AppliedPTransform, step_of: Callable[[str], str], folder: Path) -> None:
        self.step_of, self._folder, self._num_folders = step_of, folder, 0
        self.costs = Costs()
        self.kept: dict[int, list[Any]] = {}
        self.nodes: list[Node] = []
        self._gather(root)
        self._makers: dict[int, Node] = {}
        for node in self.nodes:
            for tag, pcoll in node.applied.outputs.items():
                self._makers[id(pcoll)] = node
                node.takers[tag] = []
        for node in self.nodes:
            for pcoll in node.inputs:
                maker = self._makers[id(pcoll)]
                tag = next(t for t, p in maker.applied.outputs.items() if p is pcoll)
                maker.takers[tag].append(node)
            for side in node.sides:
                self.kept[id(side)] = []

    def _gather(self, applied: AppliedPTransform) -> None:
        for kind, node in _KINDS:
            if isinstance(applied.transform, kind):
                self.nodes.append(node(applied, self))
                return
        if not applied.parts and applied.transform is not None and applied.full_label:
            if all(any(p is q for q in applied.inputs) for p in applied.outputs.values()):
                return  # a composite that gives what it gets
            raise NotImplementedError(f"{applied.full_label}: {type(applied.transform).__name__}")
        for part in applied.parts:
            self._gather(part)

    def new_folder(self) -> Path:
        """Return where a node may write."""
        self._num_folders += 1
        return self._folder / f"{self._num_folders:04d}"

    def is_complete(self, pcoll: PCollection) -> bool:
        """Return whether all elements of a collection have been given."""
        return self._makers[id(pcoll)].done

    def run(self) -> None:
        """Run all nodes, each when all that it needs is there. Order within the graph is that of making."""
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEPTH))
        left = list(self.nodes)
        while left:
            ready = [n for n in left if all(map(self.is_complete, (*n.inputs, *n.sides)))]
            if not ready:
                raise RuntimeError(f"nothing can run: {[n.applied.full_label for n in left]}")
            # What reads no files ends first, so that side inputs are complete before they are asked.
            node = min(ready, key=lambda n: (isinstance(n, Grouping), left.index(n)))
            self.costs.begin_phase(node.step)
            before = self.costs.enter(node.step)
            node.finish()
            self.costs.enter(before)
            self.costs.end_phase(node.step)
            node.done = True
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
        gc.set_threshold(_OBJECTS)  # what waits in memory is looked through for cycles over and over
        graph.run()
        return _Done(PipelineState.DONE)


class _Done(PipelineResult):
    def wait_until_finish(self, duration: Any = None) -> Any:
        """It is."""
        return self.state
