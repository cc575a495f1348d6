"""What a job would train on, asked before it starts: the same data, tokenised by the same code."""

from __future__ import annotations

from dataclasses import dataclass

from lora_viz.training.data.tasks import load_task


@dataclass(frozen=True)
class DataCounts:
    """Sequences in each part, and the examples that are left out of them, as in `tokens.Parts`.

    `are_known` is false, and the numbers are 0, where the tokenizer is not on this machine.
    """

    train: int = 0
    validation: int = 0
    held_out: int = 0
    too_long: int = 0
    without_tokens: int = 0
    are_known: bool = True


def read_data_counts(data_file: str, task: str, model: str, seq_len: int) -> DataCounts:
    """Count as a job does when it begins. Loads torch, and nothing from the network.

    Raises:
        UserError: the job could not begin with this data; the message is the job's own.
    """
    from lora_viz.training.data.tokens import tokenize
    from lora_viz.training.work.loading import load_tokenizer_here

    data = load_task(task, data_file)
    tokenizer = load_tokenizer_here(model)
    if tokenizer is None:
        return DataCounts(are_known=False)
    parts = tokenize(data, tokenizer, seq_len)
    return DataCounts(
        train=len(parts.train),
        validation=len(parts.validation),
        held_out=len(parts.held_out),
        too_long=parts.too_long,
        without_tokens=parts.without_tokens,
    )
