"""The transforms of a pipeline that `benchmarks.disk_runner` runs: each gets elements and gives elements."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from apache_beam import coders
from apache_beam.pipeline import AppliedPTransform
from apache_beam.pvalue import PCollection
from apache_beam.runners.common import DoFnRunner, Receiver
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

from benchmarks.disk_groups import Costs, Groups, Spool

_ANY = coders.FastPrimitivesCoder()
_WINDOWS = (GlobalWindow(),)


@dataclass(slots=True)
class Shared:
    """What all nodes of a run share: costs, what side inputs hold so far, what is complete."""

    step_of: Callable[[str], str]
    folder: Path
    costs: Costs = field(default_factory=Costs)
    kept: dict[int, list[Any]] = field(default_factory=dict)
    complete: set[int] = field(default_factory=set)
    _num_folders: int = 0

    def new_folder(self) -> Path:
        """Return where a node may write."""
        self._num_folders += 1
        return self.folder / f"{self._num_folders:04d}"

    def is_complete(self, pcoll: PCollection) -> bool:
        """Return whether all elements of a collection have been given."""
        return id(pcoll) in self.complete


class Node:
    """A transform of the graph: gets elements, gives elements to those that take its outputs."""

    def __init__(self, applied: AppliedPTransform, shared: Shared) -> None:
        self.applied, self.shared = applied, shared
        self.step = shared.step_of(applied.full_label)
        self.num_in = 0
        self.inputs: list[PCollection] = [p for p in applied.inputs if isinstance(p, PCollection)]
        self.sides: list[PCollection] = [view.pvalue for view in applied.side_inputs]
        self.takers: dict[Any, list[Node]] = {}

    def give(self, tag: Any, value: Any) -> None:
        """Hand an element on."""
        kept = self.shared.kept.get(id(self.applied.outputs[tag]))
        if kept is not None:
            kept.append(value)
        for taker in self.takers[tag]:
            taker.get(value)

    def get(self, value: Any) -> None:
        """Take an element; time goes to the step it is spent in."""
        self.num_in += 1
        costs = self.shared.costs
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

    def __init__(self, applied: AppliedPTransform, shared: Shared) -> None:
        super().__init__(applied, shared)
        self._key, self._value = _pair_coders(self.inputs[0])
        self._groups = Groups(shared.new_folder(), self.step, shared.costs)

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

    def __init__(self, applied: AppliedPTransform, shared: Shared) -> None:
        super().__init__(applied, shared)
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
            self.shared.costs.shuffled(self.step, _size(total), 1)
            self.shared.costs.held(self.step, self.applied.full_label, _size(total))
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

    def __init__(self, applied: AppliedPTransform, shared: Shared) -> None:
        super().__init__(applied, shared)
        self._runner: Any = None
        self._waiting: Spool | None = None

    def take(self, value: Any) -> None:
        """Process it, or let it wait."""
        early = self._runner is None and not all(map(self.shared.is_complete, self.sides))
        if early and self._waiting is None:
            self._waiting = Spool(self.shared.new_folder(), self.shared.costs)
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
                [_alone(x) for x in self.shared.kept[id(view.pvalue)]],
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


KINDS: tuple[tuple[type, type[Node]], ...] = (
    (CombinePerKey, Combining),
    (GroupByKey, Grouping),
    (Reshuffle, Passing),
    (ReshufflePerKey, Passing),
    (Flatten, Passing),
    (Impulse, Source),
    (ParDo, Working),
)
