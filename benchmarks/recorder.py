"""Recording what a chain asks of its models, to ask the same of the models alone afterwards."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest import mock


@dataclass(slots=True)
class Calls:
    """The calls made to one model, in order: method and arguments, which are kept as they were."""

    model: Any
    made: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)


class _Recording:
    """Stands for a model; every call goes through to it and is written down."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._calls.model, name)
        if not callable(value):
            return value

        def call(*arguments: Any) -> Any:
            self._calls.made.append((name, arguments))
            return value(*arguments)

        return call


@contextlib.contextmanager
def recording(modules: dict[str, Any], functions: dict[str, tuple[Any, str]]) -> Iterator[dict[str, Calls]]:
    """Within the context, models loaded through `module.load`, and functions, write their calls down.

    Args:
        modules: adapters of backends by the name under which their calls are returned.
        functions: modules and the names of functions in them, likewise.
    """
    log: dict[str, Calls] = {}

    def loader(name: str, load: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(*arguments: Any) -> Any:
            calls = log.setdefault(name, Calls(load(*arguments)))
            return _Recording(calls)

        return recorded

    with contextlib.ExitStack() as stack:
        for name, module in modules.items():
            stack.enter_context(mock.patch.object(module, "load", loader(name, module.load)))
        for name, (module, function) in functions.items():
            calls = log.setdefault(name, Calls(SimpleNamespace(**{function: getattr(module, function)})))
            stack.enter_context(mock.patch.object(module, function, getattr(_Recording(calls), function)))
        yield log


def replay(calls: Calls) -> float:
    """Make the same calls again on the bare model; returns processor seconds of this process."""
    methods = [(getattr(calls.model, name), arguments) for name, arguments in calls.made]
    before = time.process_time()
    for method, arguments in methods:
        method(*arguments)
    return time.process_time() - before
