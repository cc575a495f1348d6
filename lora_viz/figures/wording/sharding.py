"""What is known, assumed and unchecked about a step on several cards, in words."""

from __future__ import annotations

from lora_viz.i18n import _


def about_sharding() -> tuple[str, ...]:
    """Where the numbers of a step on several cards come from, and what could not be checked."""
    return (
        _(
            "Several cards: the numbers are those of the fullest. FSDP2 is run: torch's own "
            "`fully_shard`, set up by accelerate's own function, on a fake process group. Two real "
            "processes over gloo agree within 1 % (a small Llama on CPUs). It is not held against "
            "several real GPUs."
        ),
        _(
            "DDP: the whole model, and torch's buckets for trained gradients (25 MiB, the first 1 "
            "MiB), with `gradient_as_bucket_view` off as Trainer has it."
        ),
        _(
            "ZeRO: rules of DeepSpeed 0.19.8's source, which is not run. Buffers have the sizes "
            "that “auto” stands for in Trainer; gathered weights are followed block by block. "
            "Model states agree with the formulas of Rajbhandari et al. 2020, "
            "[arXiv:1910.02054](https://arxiv.org/abs/1910.02054)."
        ),
        _(
            "PEFT's guides for [DeepSpeed](https://huggingface.co/docs/peft/accelerate/deepspeed) "
            "and [FSDP](https://huggingface.co/docs/peft/accelerate/fsdp) report for a 70B Llama "
            "64 GB a card (LoRA, ZeRO-3, 8 × H100), 36.6 GB (QLoRA, ZeRO-3, two cards), 35.6 GB "
            "and off-loaded 19.6 GB (QLoRA, FSDP, two cards). The steps simulated here need less "
            "than that; why is not known. NCCL's own buffers are not counted."
        ),
        _(
            "Machines: it makes no difference to a card's memory which machine it is in. Hybrid "
            "sharding, which keeps a copy in each machine, is not simulated."
        ),
    )
