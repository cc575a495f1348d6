"""Questions about recorded runs: what they measured, saved and proved."""

from __future__ import annotations

from math import exp, isfinite

from lora_viz.dtypes import BYTES_PER_VALUE
from lora_viz.format import grouped, size
from lora_viz.i18n import N_, Message
from lora_viz.quiz import mistakes
from lora_viz.quiz.asking import to_choose, to_drag
from lora_viz.quiz.facts import KnownFacts
from lora_viz.quiz.prediction import Prediction
from lora_viz.training.perplexity import loss_words, perplexity, perplexity_words
from lora_viz.training.sweeps.findings import spreads

PLAUSIBLE_LOSS = 20.0  # nats per token; what has diverged is no question


def file_of_run(facts: KnownFacts) -> Prediction | None:
    """How large the file is that a run saved, from how much it trained."""
    if not facts.runs:
        return None
    run = facts.runs[0]
    trained, file = run.result.trainable_parameters, run.file_bytes
    if not trained or not file:
        return None
    scenario = run.settings.scenario
    dtype = scenario.adapter_dtype if run.trains_adapter else scenario.base_dtype
    width = BYTES_PER_VALUE[dtype]
    return to_choose(
        "file-of-run",
        Message(
            N_(
                "The run “%(run)s” trained %(trained)s parameters in %(dtype)s. How large is the "
                "file that it saved to be shared?"
            ),
            run=run.name,
            trained=grouped(trained),
            dtype=dtype,
        ),
        "bytes",
        file,
        (
            (
                trained,
                mistakes.ONE_BYTE,
            ),
            (3 * width * trained, mistakes.WITH_OPTIMIZER),
            (mistakes.binary_for_decimal(file), mistakes.BINARY_UNITS_SAID_DECIMAL),
        ),
        Message(
            N_(
                "%(trained)s values of %(width)s bytes, and a header that names the tensors: the "
                "real file has %(file)s bytes."
            ),
            trained=grouped(trained),
            width=width,
            file=grouped(file),
        ),
    )


def with_adapter_off(facts: KnownFacts) -> Prediction | None:
    """How far the base model's outputs are from those of before, with the adapter off."""
    run = next((one for one in facts.runs if one.measured("adapter_off") is not None), None)
    if run is None:
        return None
    off, merged, losses = run.measured("adapter_off"), run.measured("merged"), run.losses
    assert off is not None
    wrong: list[tuple[float, Message]] = []
    if merged is not None:
        rounding = N_("That is what merging changes, by rounding. Nothing was merged here.")
        wrong.append((merged, Message(rounding)))
    if losses is not None:
        learned = N_("That is how far the held-out loss moved, with the adapter on.")
        wrong.append((abs(losses[0] - losses[1]), Message(learned)))
    return to_choose(
        "with-adapter-off",
        Message(
            N_(
                "The run “%(run)s” has ended and its adapter is switched off. How far are the "
                "model's logits at most from those before training?"
            ),
            run=run.name,
        ),
        "difference",
        off,
        tuple(wrong),
        Message(
            N_(
                "The run tried it: the largest difference is %(off)s. W was frozen, so without the "
                "adapter the base answers as before."
            ),
            off=f"{off:.2g}",
        ),
    )


def loss_of_run(facts: KnownFacts) -> Prediction | None:
    """How far the held-out loss of a run fell."""
    run = next((one for one in facts.runs if one.losses is not None), None)
    if run is None or run.losses is None or not all(map(isfinite, run.losses)):
        return None
    before, after = run.losses
    return to_drag(
        "loss-of-run",
        Message(
            N_(
                "The bar is the held-out loss of “%(run)s” before training, %(before)s nats per "
                "token. How long is it after %(steps)s steps?"
            ),
            run=run.name,
            before=loss_words(before),
            steps=grouped(run.result.steps),
        ),
        "loss",
        after,
        before,
        Message(
            N_(
                "It ends at %(after)s, a perplexity of %(perplexity)s. Text has surprises that no "
                "training removes, so it does not go to zero."
            ),
            after=loss_words(after),
            perplexity=perplexity_words(after),
        ),
    )


def lower_loss(facts: KnownFacts) -> Prediction | None:
    """Which of two runs ended with the lower held-out loss, over the same tokens."""
    ended = [(one.after.loss, one.after.tokens, one) for one in facts.runs if one.after][:2]
    if len(ended) < 2 or ended[0][1] != ended[1][1] or ended[0][0] == ended[1][0]:
        return None
    (low, _tokens, best), (high, _tokens, other) = sorted(ended, key=lambda one: one[0])
    few, many = sorted((best, other), key=lambda one: one.result.trainable_parameters or 0)
    return to_choose(
        "lower-loss",
        Message(
            N_(
                "“%(first)s” trained %(few)s parameters and “%(second)s” %(many)s. Which ended "
                "with the lower held-out loss?"
            ),
            first=few.name,
            few=grouped(few.result.trainable_parameters or 0),
            second=many.name,
            many=grouped(many.result.trainable_parameters or 0),
        ),
        "words",
        Message("%s", best.name),
        (
            (
                Message("%s", other.name),
                Message(N_("Its loss ended higher, at %s."), loss_words(high)),
            ),
        ),
        Message(
            N_(
                "“%(best)s” ended at %(low)s, “%(other)s” at %(high)s nats per token. These are "
                "two runs and no rule for others."
            ),
            best=best.name,
            low=loss_words(low),
            other=other.name,
            high=loss_words(high),
        ),
    )


def files_of_two_runs(facts: KnownFacts) -> Prediction | None:
    """How long the smaller file of two runs is beside the larger one."""
    sized = [(one.file_bytes, one.name) for one in facts.runs if one.file_bytes][:2]
    if len(sized) < 2 or sized[0][0] == sized[1][0]:
        return None
    (small, first), (large, second) = sorted(sized)
    return to_drag(
        "files-of-two-runs",
        Message(
            N_(
                "The bar is the file that “%(second)s” saved, %(large)s. How long is the file of "
                "“%(first)s”?"
            ),
            second=second,
            large=size(large or 0),
            first=first,
        ),
        "bytes",
        small or 0,
        large or 0,
        Message(
            N_("“%(first)s” saved %(small)s: what a run trains is what it has to save."),
            first=first,
            small=size(small or 0),
        ),
    )


def perplexity_of_run(facts: KnownFacts) -> Prediction | None:
    """The perplexity that a run's last held-out loss stands for."""
    run = next((one for one in facts.runs if one.losses is not None), None)
    if run is None or run.losses is None or not 0 < run.losses[1] < PLAUSIBLE_LOSS:
        return None
    before, after = run.losses
    return to_choose(
        "perplexity-of-run",
        Message(
            N_(
                "The held-out loss of “%(run)s” ends at %(loss)s nats per token. Which perplexity "
                "is that?"
            ),
            run=run.name,
            loss=loss_words(after),
        ),
        "factor",
        perplexity(after),
        (
            (2**after, mistakes.BASE_TWO),
            (10**after, Message(N_("That is 10 to the power of the loss. The base is e."))),
            (perplexity(before), Message(N_("That is the perplexity before training."))),
        ),
        Message(N_("Perplexity is e to the power of the mean loss: %s."), perplexity_words(after)),
    )


def rank_of_update(facts: KnownFacts) -> Prediction | None:
    """The greatest numerical rank of a ΔW that a run made."""
    run = next((one for one in facts.runs if one.measured("rank") is not None), None)
    if run is None or not run.result.layer_changes:
        return None
    measured, rank = run.measured("rank"), run.settings.scenario.rank
    change = run.result.layer_changes[0]
    assert measured is not None
    return to_choose(
        "rank-of-update",
        Message(
            N_(
                "“%(run)s” trained with r = %(rank)s for %(steps)s steps. How many singular values "
                "above zero has a ΔW at most, of %(out)s × %(in)s values?"
            ),
            run=run.name,
            rank=grouped(rank),
            steps=grouped(run.result.steps),
            out=grouped(change.shape[0]),
            **{"in": grouped(change.shape[1])},
        ),
        "number",
        measured,
        (
            (
                min(change.shape),
                Message(N_("Full fine-tuning can make as many. B × A cannot.")),
            ),
            (
                run.result.steps,
                Message(N_("That is one for each step. Steps add up within the same r.")),
            ),
            (
                2 * rank,
                Message(N_("That adds up A and B. Their product has at most r.")),
            ),
        ),
        Message(
            N_(
                "The run counted them at its end: %s. However long B × A is trained, r is the most."
            ),
            grouped(round(measured)),
        ),
    )


def loss_over_sweep(facts: KnownFacts) -> Prediction | None:
    """How long the held-out loss is at a sweep's highest rank, beside its lowest."""
    losses = [one for one in spreads(list(facts.sweep), lambda run: run.held_out) if one.rank]
    if len(losses) < 2:
        return None
    low, high = losses[0], losses[-1]
    return to_drag(
        "loss-over-sweep",
        Message(
            N_(
                "The bar is the held-out loss that the sweep measured at r = %(low)s, %(loss)s "
                "nats per token. How long is it at r = %(high)s?"
            ),
            low=grouped(low.rank or 0),
            loss=loss_words(low.median),
            high=grouped(high.rank or 0),
        ),
        "loss",
        high.median,
        low.median,
        Message(
            N_(
                "%(times)s times the rank brought the loss to %(loss)s. Parameters grow with the "
                "rank, the gain does not grow alike."
            ),
            times=grouped((high.rank or 0) // (low.rank or 1)),
            loss=loss_words(high.median),
        ),
    )


def perplexity_of_the_explainer(facts: KnownFacts) -> Prediction | None:
    """The perplexity that belongs to a loss of the explainer."""
    if facts.told is None:
        return None
    loss, told = facts.told
    return to_choose(
        "perplexity-of-the-explainer",
        Message(
            N_("The explainer's first epoch has a loss of %s. Which perplexity belongs to it?"),
            f"{loss:g}",
        ),
        "factor",
        perplexity(loss),
        (
            (told, Message(N_("The explainer says so, but exp of its loss is another number."))),
            (2**loss, mistakes.BASE_TWO),
            (10**loss, Message(N_("That is 10 to the power of the loss. The base is e."))),
        ),
        Message(
            N_(
                "exp(%(loss)s) = %(right)s. The explainer says %(told)s: the two are not of one "
                "measurement."
            ),
            loss=f"{loss:g}",
            right=f"{exp(loss):.2f}",
            told=f"{told:g}",
        ),
    )
