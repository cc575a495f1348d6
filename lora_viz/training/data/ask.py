"""What a worker is asked about a job's data."""

from __future__ import annotations

from lora_viz.training.data.data_counts import DataCounts
from lora_viz.training.data.tasks import load_task


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
