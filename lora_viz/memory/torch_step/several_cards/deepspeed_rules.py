"""How DeepSpeed divides a model, and how large its buffers are, by the rules of its source.

None of it is run here. All names are those of DeepSpeed 0.19.8's `deepspeed/runtime/zero/`.
"""

from __future__ import annotations

from dataclasses import dataclass

# stage_1_and_2.py: `nccl_start_alignment_factor`
ALIGNMENT = 2
# config.py: `sub_group_size`, `max_live_parameters`, `max_reuse_distance`, in values
SUB_GROUP = MOST_LIVE = REUSE_DISTANCE = 10**9
MASTER_BYTES = 4  # `master_weights_and_grads_dtype`, float32


@dataclass(frozen=True)
class BufferSizes:
    """Sizes that "auto" in a configuration stands for, in values.

    Attributes:
        reduce: `reduce_bucket_size`.
        prefetch: `stage3_prefetch_bucket_size`.
        persistence: `stage3_param_persistence_threshold`: no larger weight stays on every card.
    """

    reduce: int
    prefetch: int
    persistence: int


def automatic_sizes(width: int) -> BufferSizes:
    """What Trainer and accelerate put in place of "auto", by the model's `hidden_size`.

    `trainer_config_finalize` in transformers' integrations/deepspeed.py; `_prepare_deepspeed` in
    accelerate's accelerator.py.
    """
    return BufferSizes(width * width, int(0.9 * width * width), 10 * width)


def flat_part(numel: int, cards: int) -> int:
    """Values of a card's part of all trained weights in one row, for stages 1 and 2.

    The row is padded so that each part begins at an aligned place (`flatten_dense_tensors_aligned`,
    `get_data_parallel_partitions`).
    """
    aligned = ALIGNMENT * cards
    return -(-numel // aligned) * aligned // cards


def tensor_part(numel: int, cards: int) -> int:
    """Values of a card's part of one weight, for stage 3 (`_aligned_size`, `_partition_param`)."""
    return -(-numel // cards)


def sub_groups(parts: list[int]) -> list[int]:
    """Values of each group of parts that stage 3 updates at a time (`_create_fp16_sub_groups`)."""
    groups, size = [], 0
    for part in parts:
        size += part
        if size >= SUB_GROUP:
            groups.append(size)
            size = 0
    return [*groups, size] if size else groups
