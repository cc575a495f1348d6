"""Which questions belong to which page: the one table."""

from __future__ import annotations

from collections.abc import Callable

from lora_viz.quiz import counts, failures, files, one_layer, published, runs, steps
from lora_viz.quiz.facts import KnownFacts
from lora_viz.quiz.prediction import Prediction

MOST = 3  # questions of a page
# by the page's name; a question is left out where its facts are not known
OF_PAGES: dict[str, tuple[Callable[[KnownFacts], Prediction | None], ...]] = {
    "start": (one_layer.values_of_layer, counts.share_of_model),
    "full_or_lora": (one_layer.kept_of_layer, one_layer.without_moments),
    "decomposition": (one_layer.as_large_as_the_weight, one_layer.highest_rank),
    "forward_pass": (
        one_layer.values_in_between,
        one_layer.doubled_alpha,
        one_layer.after_merging,
    ),
    "layer_map": (counts.tensors_in_file, counts.share_of_block),
    "parameters": (counts.trained_at_other_rank, counts.part_of_a),
    "rank": (counts.times_of_rank, runs.loss_over_sweep, counts.rank_of_whole_adapter),
    "checkpoints": (files.file_grows, files.file_with_more_alpha, files.more_tasks),
    "training_lab": (runs.loss_of_run, runs.with_adapter_off, runs.file_of_run),
    "compare_runs": (runs.lower_loss, runs.files_of_two_runs),
    "training_process": (runs.perplexity_of_run, runs.rank_of_update),
    "memory": (steps.trained_at_peak, steps.largest_at_peak),
    "bring_your_own": (files.rank_of_file, counts.base_of_all),
    "planner": (steps.needed_of_card, steps.smallest_card),
    "compare": (steps.tokens_of_step, steps.steps_for_tokens, steps.weights_in_other_dtype),
    "failed_run": (failures.highest_phase, failures.left_between_steps),
    "this_machine": (published.memory_of_card, published.reading_of_card),
    "glossary": (one_layer.other_scaling, files.bytes_of_values),
    "trust": (published.near_the_measured, published.context_in_decimals),
    "summary": (files.adapters_in_model, files.file_in_model, files.state_of_optimizer),
    "audit": (runs.perplexity_of_the_explainer, published.contradicted_figures),
}


def predictions_for(page: str, facts: KnownFacts) -> list[Prediction]:
    """The questions of a page of which all is known. Raises `KeyError` for an unknown page."""
    made = (make(facts) for make in OF_PAGES[page])
    return [one for one in made if one is not None][:MOST]
