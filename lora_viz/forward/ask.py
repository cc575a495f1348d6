"""What a worker is asked about the forward pass of a layer."""

from __future__ import annotations

from lora_viz.forward.samples import ForwardPass


def read_forward_pass(
    model: str,
    layer: str,
    rank: int,
    alpha: float,
    rslora: bool,
    dora: bool,
    batch_size: int,
    steps: int,
    seed: int,
) -> ForwardPass:
    """Run one layer of a model with an adapter, `steps` optimizer steps old. Loads torch.

    Raises:
        UserError: the model cannot be read.
        ValueError: the layer's weight has more than `MAXIMUM_VALUES` values.
    """
    from lora_viz.forward.run_layer import Adapter, run_layer

    adapter = Adapter(rank, alpha, rslora, dora)
    return run_layer(model, layer, adapter, batch_size, steps, seed)
