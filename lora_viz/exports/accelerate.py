"""The configuration of accelerate (`accelerate launch --config_file FILE SCRIPT`).

Its keys are those that `accelerate config` writes
(https://huggingface.co/docs/accelerate/package_reference/cli#accelerate-config).
"""

from __future__ import annotations

from lora_viz.exports.comments import head
from lora_viz.exports.literals import yaml_text
from lora_viz.exports.rules import (
    OF_ADAPTER,
    OF_CARD,
    OF_STEP,
    Remark,
    Said,
    Table,
    said_by,
    said_with,
    unsaid,
    unsaid_unless_usual,
)
from lora_viz.exports.subject import Subject
from lora_viz.i18n import N_, Message

ONE_CARD = {
    "compute_environment": "LOCAL_MACHINE",
    "debug": False,
    "distributed_type": "NO",
    "downcast_bf16": "no",
    "enable_cpu_affinity": False,
    "machine_rank": 0,
    "main_training_function": "main",
    "num_machines": 1,
    "num_processes": 1,
    "rdzv_backend": "static",
    "same_network": True,
    "use_cpu": False,
}


def _precision(subject: Subject, field: str) -> Said:
    """The format in which a Trainer computes over weights in half precision."""
    return Said({"mixed_precision": subject.mixed_precision}, subject.value(field) != "plain")


ACCELERATE: Table = {
    **dict.fromkeys(OF_ADAPTER, unsaid_unless_usual()),
    **OF_STEP,
    **OF_CARD,
    "model": unsaid(),
    "method": unsaid(),
    **dict.fromkeys(("rank", "alpha", "target_modules"), unsaid()),
    **dict.fromkeys(("vocab_size", "num_labels", "task_type"), unsaid_unless_usual()),
    "training_loop": _precision,
    "mixed_precision": said_with("training_loop"),
}


def accelerate_yaml(subject: Subject) -> tuple[str, list[Remark]]:
    """The file for one process on one card."""
    keys, remarks = said_by(ACCELERATE, subject)
    what = Message(
        N_(
            "For accelerate: accelerate launch --config_file FILE SCRIPT. It says how processes "
            "are started; what they train stands in the script."
        )
    )
    return head(remarks, what) + yaml_text(ONE_CARD | keys), remarks
