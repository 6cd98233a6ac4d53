"""A network that learns: its steps, and what a checkpoint keeps of it."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from models.named_tensors import below
from models.ranks import average_gradients

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class Learner:
    """A network with its optimiser; ranks share its gradients."""

    def __init__(
        self,
        network: nn.Module,
        optimiser: torch.optim.AdamW,
        max_gradient_norm: float,
        rate: Callable[[int], float],
    ) -> None:
        """Prepare; `rate` gives a step's share of the optimiser's learning rate."""
        self.network, self._optimiser, self._most, self._rate = network, optimiser, max_gradient_norm, rate
        self._learning_rate = float(optimiser.defaults["lr"])

    def forget(self) -> None:
        """Drop the gradients of the last step."""
        self._optimiser.zero_grad()

    def advance(self, step: int) -> None:
        """Go down the mean of all ranks' gradients; without any nothing changes."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._learning_rate * self._rate(step)
        average_gradients(self.network)
        nn.utils.clip_grad_norm_(self.network.parameters(), self._most)
        self._optimiser.step()

    def tensors(self) -> dict[str, Tensor]:
        """Return the network's tensors and the optimiser's, by name; none of these before a step."""
        found = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        for name, parameter in self.network.named_parameters():
            for key, value in self._optimiser.state.get(parameter, {}).items():
                found[f"{key}.{name}"] = value
        return found

    def restore(self, tensors: Mapping[str, Tensor], device: torch.device) -> None:
        """Go on from tensors that were kept."""
        self.network.load_state_dict(below("network.", tensors))
        for name, parameter in self.network.named_parameters():
            state = {key: tensors[f"{key}.{name}"] for key in _MOMENTS if f"{key}.{name}" in tensors}
            if state:
                # The step's number stays where the optimiser keeps it.
                moments = {key: value.to(device) for key, value in state.items() if key != "step"}
                self._optimiser.state[parameter] = state | moments
