"""What a worker is asked about a ΔW that is rebuilt from B and A."""

from __future__ import annotations

from lora_viz.training.update.rebuild import Rebuild


def rebuild_example(
    out_features: int, in_features: int, true_rank: int, noise: float, seed: int, sweeps: int
) -> Rebuild:
    """Rebuild one example at every rank, at best and by fitting B and A in turn. Loads torch.

    Args:
        true_rank: the rank before noise; the smaller side if that is less.
        noise: Frobenius norm of the noise beside that of the low-rank part.
        sweeps: how often A, then B are fitted anew after B was fitted to the random A.
    """
    from lora_viz.training.update.by_torch import make_example, rebuild

    update, start = make_example(out_features, in_features, true_rank, noise, seed)
    return rebuild(update, start, sweeps, min(true_rank, out_features, in_features))


def rebuild_trained(folder: str, layer: str, seed: int, sweeps: int) -> Rebuild:
    """Rebuild the ΔW of a run's layer at every rank. Loads torch.

    Raises:
        UserError: the run did not keep this layer's ΔW.
    """
    from lora_viz.training.update.by_torch import rebuild_from
    from lora_viz.training.update.trained import read_update

    return rebuild_from(read_update(folder, layer), seed, sweeps)
