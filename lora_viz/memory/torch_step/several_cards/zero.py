"""A step under DeepSpeed's ZeRO: what it divides and exchanges, put into a recorded step.

Importing this module loads torch.
"""

from __future__ import annotations

from lora_viz.choices.several_cards import SHARDINGS
from lora_viz.memory.settings import StepSettings
from lora_viz.memory.torch_step.several_cards import deepspeed_rules as rules
from lora_viz.memory.torch_step.several_cards.flat_update import flat_update
from lora_viz.memory.torch_step.several_cards.gathering import (
    FIRST,
    LAST,
    Gathering,
    Unit,
    visits_of,
)
from lora_viz.memory.torch_step.several_cards.rewriting import Rewriting
from lora_viz.memory.torch_step.several_cards.whole_model import Weight, WholeModel
from lora_viz.memory.trace import Event, Segment, Trace


def under_zero(trace: Trace, model: WholeModel, settings: StepSettings) -> Trace:
    """The trace of a card's step with its part of what ZeRO divides.

    Args:
        trace: the step that `ZeroCard` recorded, for all blocks.
    """
    return _ZeroStep(trace, model, settings).run()


class _ZeroStep:
    def __init__(self, trace: Trace, model: WholeModel, settings: StepSettings) -> None:
        self.trace, self.model, self.settings = trace, model, settings
        self.stage = SHARDINGS[settings.sharding].zero_stage
        self.cards = settings.world_size
        self.sizes = rules.automatic_sizes(model.width)
        self.itemsize = 4 if settings.base_dtype == "float32" else 2
        self.out = Rewriting(trace)
        self.state_is_off = settings.cpu_offload != "none"
        # stage 1 sends its gradients away as stage 2 does where the optimizer's state is off
        self.keeps_gradients = self.stage == 1 and not self.state_is_off
        self.parts = self._parts()

    def _parts(self) -> list[int]:
        """Values of this card's part of what is trained, for each row that is updated at a time."""
        trained = [weight.numel for weight in self.model.trained]
        if self.stage == 3:
            return rules.sub_groups([rules.tensor_part(n, self.cards) for n in trained])
        return [rules.flat_part(sum(trained), self.cards)]

    def run(self) -> Trace:
        events: list[list[Event]] = [[] for _ in self.trace.segments]
        for event in self.trace.events:
            events[event.segment].append(event)
        self.gathering = self._gathering()
        self.is_set_up, self.bucket, self.own = False, None, None
        self.gradients: list[int] = []
        for place, segment in enumerate(self.trace.segments):
            if segment.phase != "setup" and not self.is_set_up:
                self._set_up()
            self.out.begin(segment)
            self._before(segment)
            if self.gathering:
                self.gathering.enter(place)
            self._take(events[place])
            if self.gathering:
                self.gathering.leave(place)
            if segment.phase == "optimizer":
                self._update()
        return self.out.result

    def _set_up(self) -> None:
        """What lasts: this card's parts, the float32 copy of what it updates, buffers."""
        self.is_set_up = True
        self.out.begin(Segment("setup", None))
        if self.stage == 3:
            self._hold_parts()
        if not self.state_is_off:
            for part in self.parts:
                self.out.allocate(part * rules.MASTER_BYTES, "optimizer")
            if self.stage == 3 or (self.stage == 2 and self.settings.gradient_accumulation > 1):
                self.own = self.out.allocate(sum(self.parts) * self.itemsize, "gradients")
        elif self.stage != 3:
            largest = max(weight.numel for weight in self.model.trained)
            self.out.allocate(largest * self.itemsize, "exchange")
        if self.stage == 3:
            self.out.allocate(self.sizes.reduce * self.itemsize, "exchange")

    def _hold_parts(self) -> None:
        for weight in self.model.weights:
            kind = "adapter" if weight.is_trained and self.settings.trains_adapter else "weights"
            if self._stays(weight):
                self.out.allocate(weight.bytes, kind)
            if self.settings.cpu_offload != "all":
                part = rules.tensor_part(weight.numel, self.cards)
                self.out.allocate(part * weight.itemsize, kind)

    def _stays(self, weight: Weight) -> bool:
        return weight.numel <= self.sizes.persistence

    def _gathering(self) -> Gathering | None:
        if self.stage != 3:
            return None
        visits, part_of = visits_of(self.trace.segments)
        by_part: dict[int | None, list[Weight]] = {}
        for weight in self.model.kept:
            if not self._stays(weight):
                by_part.setdefault(weight.part, []).append(weight)
        outside = by_part.get(None, [])
        weights: dict[Unit, list[Weight]] = {
            FIRST: [weight for weight in outside if weight.is_first],
            LAST: [weight for weight in outside if not weight.is_first] or outside,
        }
        weights |= {unit: by_part.get(part, []) for unit, part in part_of.items()}
        return Gathering(self.out, self.cards, self.sizes, visits, weights)

    def _before(self, segment: Segment) -> None:
        """Buffers of the backward pass, which go when it ends (`setup_buckets`)."""
        if self.stage == 3:
            return
        if segment.phase == "backward" and self.bucket is None:
            self.bucket = self.out.allocate(self.sizes.reduce * self.itemsize, "exchange")
            if self.stage == 2 and not self.state_is_off and self.own is None:
                self.own = self.out.allocate(sum(self.parts) * self.itemsize, "gradients")
        elif segment.phase == "optimizer" and self.bucket is not None:
            self.out.free(self.bucket)

    def _take(self, events: list[Event]) -> None:
        """What the step itself does; a gradient goes as soon as it is in a bucket."""
        leaving: int | None = None
        for event in events:
            self.out.take(event)
            if leaving is not None:
                self.out.free_taken(leaving)
                leaving = None
            if event.frees or self.trace.allocations[event.allocation].kind != "gradients":
                continue
            if self.keeps_gradients:
                self.gradients.append(event.allocation)
            else:
                leaving = event.allocation
        if leaving is not None:
            self.out.free_taken(leaving)

    def _update(self) -> None:
        """The step over this card's parts (`step`, `_prepare_fp32_grad_for_sub_group`).

        The gradients are put into one row, turned to float32 where they are not, and let go.
        """
        if self.state_is_off:
            return
        for part in self.parts:
            row = self.out.allocate(part * self.itemsize, "temporaries")
            for gradient in self.gradients:
                self.out.free_taken(gradient)
            if self.itemsize != rules.MASTER_BYTES:
                master = self.out.allocate(part * rules.MASTER_BYTES, "gradients")
                self.out.free(row)
                row = master
            if self.stage != 3 and self.own is not None:
                self.out.free(self.own)
                self.own = None
            self._run_optimizer(part)
            self.out.free(row)

    def _run_optimizer(self, part: int) -> None:
        recorded = flat_update(self.settings.optimizer, part)
        numbers: dict[int, int] = {}
        for event in recorded.events:
            if event.frees:
                self.out.free(numbers[event.allocation])
            else:
                made = recorded.allocations[event.allocation]
                numbers[event.allocation] = self.out.allocate(made.bytes, made.kind)
