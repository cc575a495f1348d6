"""What a simulated step depends on, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lora_viz.choices.methods import METHODS
from lora_viz.choices.peft_choices import ADAPTER_FIELDS, MODEL_FIELDS, lora_choices
from lora_viz.choices.quantizations import QUANTIZATIONS
from lora_viz.choices.scenario import Scenario
from lora_viz.choices.several_cards import SHARDINGS


@dataclass(frozen=True)
class StepSettings:
    """Every choice of a scenario that changes what a training step takes of a GPU.

    `compute_capability` is the lowest that acts as the card's does: it decides which attention
    kernel runs, and how large cuBLAS' workspace is.
    """

    method: str
    rank: int
    alpha: float
    target_modules: tuple[str, ...]
    rslora: bool
    bias: str
    dropout: float
    dora: bool
    target_parameters: tuple[str, ...]
    modules_to_save: tuple[str, ...]
    ensure_weight_tying: bool
    task_type: str
    num_labels: int
    vocab_size: int
    trainable_token_indices: str
    layers_to_transform: tuple[int, ...]
    layers_pattern: tuple[str, ...]
    exclude_modules: tuple[str, ...]
    rank_pattern: str
    alpha_pattern: str
    lora_bias: bool
    batch_size: int
    seq_len: int
    padding: bool
    packing: str
    lengths: tuple[int, ...]
    base_dtype: str
    adapter_dtype: str
    optimizer: str
    gradient_accumulation: int
    gradient_clipping: bool
    gradient_checkpointing: bool
    offloading: str
    loss: str
    training_loop: str
    mixed_precision: str
    attention: str
    quantization: str
    double_quant: bool
    kbit_preparation: str
    world_size: int
    sharding: str
    cpu_offload: str
    quant_storage: str
    compute_capability: float

    @property
    def is_quantized(self) -> bool:
        """Whether the base model's linear layers are packed."""
        return QUANTIZATIONS[self.quantization].packs

    @property
    def is_packed(self) -> bool:
        """Whether sequences follow one another, so that a mask has to keep them apart."""
        return self.packing != "none"

    @property
    def rows(self) -> tuple[int, int]:
        """The shape of a batch of tokens."""
        if self.packing == "one_row":
            return 1, self.batch_size * self.seq_len
        return self.batch_size, self.seq_len

    @property
    def trains_adapter(self) -> bool:
        """Whether A and B are trained, and not the model's own weights."""
        return METHODS[self.method].trains_adapter

    @property
    def splits_weights(self) -> bool:
        """Whether a card holds only its part of the weights."""
        return self.world_size > 1 and SHARDINGS[self.sharding].splits_weights

    @property
    def model_changes(self) -> dict[str, Any]:
        """What is changed of the model itself, by the scenario's field."""
        return {field: getattr(self, field) for field in MODEL_FIELDS}

    @property
    def lora_choices(self) -> dict[str, Any]:
        """What `peft.LoraConfig` is told of the adapter, but its task."""
        return lora_choices(asdict(self)) | {"r": self.rank}

    def as_arguments(self) -> dict[str, Any]:
        """The settings as JSON has them."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> StepSettings:
        """The settings that `as_arguments` wrote."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in arguments.items()
        }
        return cls(**values)


# from 8.0 on flash attention and bfloat16, from 9.0 on a larger workspace (attention.py, cuda.py)
CAPABILITIES = (7.0, 8.0, 9.0)
OF_ADAPTER = (
    "rank",
    "alpha",
    "target_modules",
    "rslora",
    "bias",
    "dropout",
    "dora",
    "adapter_dtype",
    *ADAPTER_FIELDS,
)


def step_settings(scenario: Scenario) -> StepSettings:
    """The settings of a scenario; what its method does not use is at its default.

    DeepSpeed turns every weight into its half precision (`_configure_distributed_model` of its
    engine.py), the adapter's too.
    """
    values = {
        name: getattr(scenario, name)
        for name in StepSettings.__dataclass_fields__
        if name != "compute_capability"
    }
    if not scenario.trains_adapter:
        defaults = Scenario()
        values |= {name: getattr(defaults, name) for name in OF_ADAPTER}
    if not scenario.is_quantized:
        values |= {"double_quant": False, "kbit_preparation": "none", "quant_storage": "uint8"}
    values |= {"training_loop": scenario.loop, "mixed_precision": scenario.autocast}
    if scenario.world_size == 1:
        values |= {"sharding": "ddp", "cpu_offload": "none"}
    elif SHARDINGS[scenario.sharding].zero_stage and scenario.base_dtype != "float32":
        values |= {"adapter_dtype": scenario.base_dtype, "kbit_preparation": "none"}
    values |= _of_batches(scenario)
    return StepSettings(
        **values, compute_capability=capability_class(scenario.card.compute_capability)
    )


def _of_batches(scenario: Scenario) -> dict[str, Any]:
    """What a batch is where its sequences are packed, or have lengths of their own.

    Packed sequences fill every row. Otherwise the longest sequence decides, and a batch of several
    lengths is padded. Checkpoints that there are none of are not moved either.
    """
    values: dict[str, Any] = {"lengths": ()}
    if scenario.packing != "none":
        values |= {"padding": False}
    elif scenario.lengths:
        lengths = tuple(sorted(min(length, scenario.seq_len) for length in scenario.lengths))
        values = {"lengths": lengths, "seq_len": lengths[-1]}
        if scenario.batch_size > 1 and lengths[0] != lengths[-1]:
            values |= {"padding": True}
    if scenario.offloading == "checkpoints" and not scenario.gradient_checkpointing:
        values |= {"offloading": "none"}
    return values


def capability_class(compute_capability: float) -> float:
    """The lowest compute capability on which a step is the same as on this one."""
    return max((c for c in CAPABILITIES if c <= compute_capability), default=CAPABILITIES[0])
