"""Questions about what training saves, in bytes."""

from __future__ import annotations

from lora_viz.checkpoint.sizes import adapter_bytes, optimizer_bytes
from lora_viz.choices.optimizers import whose_file_is_torchs
from lora_viz.costs.many_tasks import TaskStorage
from lora_viz.dtypes import BYTES_PER_VALUE
from lora_viz.format import grouped, size
from lora_viz.i18n import N_, Message
from lora_viz.quiz import mistakes
from lora_viz.quiz.asking import to_choose, to_drag
from lora_viz.quiz.facts import KnownFacts
from lora_viz.quiz.one_layer import other_rank
from lora_viz.quiz.prediction import Prediction

MORE_TASKS = 2
HIGHER = 4
A_MILLION = 1_000_000
# by how many values an optimizer is believed to keep for each trained one
OTHER_STATES = {
    1: Message(N_("That is one value for each trained one.")),
    2: Message(N_("That is two values for each trained one.")),
    3: Message(N_("That counts A and B themselves too.")),
}


def file_grows(facts: KnownFacts) -> Prediction | None:
    """By how much the adapter's file grows with twice the rank."""
    rank, other = facts.scenario.rank, other_rank(facts.scenario.rank)
    now, then = file_at(facts, rank), file_at(facts, other)
    if now is None or then is None or other <= rank:
        return None
    growth = then - now
    return to_choose(
        "file-grows",
        Message(
            N_(
                "Double the rank, from %(rank)s to %(other)s. By how much does the adapter's file "
                "grow?"
            ),
            rank=grouped(rank),
            other=grouped(other),
        ),
        "bytes",
        growth,
        (
            (growth / 2, mistakes.ONE_GROWS),
            (3 * growth, mistakes.GROWS_TWICE),
            (mistakes.binary_for_decimal(growth), mistakes.BINARY_UNITS_SAID_DECIMAL),
        ),
        Message(
            N_("A and B both double, and the file goes from %(now)s to %(then)s."),
            now=size(now),
            then=size(then),
        ),
    )


def rank_of_file(facts: KnownFacts) -> Prediction | None:
    """Which rank an adapter has of which only the file's size is known."""
    rank, other = facts.scenario.rank, other_rank(facts.scenario.rank)
    then = file_at(facts, other)
    if then is None:
        return None
    value = BYTES_PER_VALUE[facts.scenario.adapter_dtype]
    return to_choose(
        "rank-of-file",
        Message(
            N_(
                "Somebody sends you an adapter for this model with your targets and your number "
                "format. Its file has %(bytes)s bytes. Which rank does it have?"
            ),
            bytes=grouped(then),
        ),
        "number",
        other,
        (
            (rank, mistakes.WITH_THIS_RANK),
            (2 * other, mistakes.ONE_MATRIX),
            (value * other, mistakes.ONE_BYTE),
        ),
        Message(
            N_(
                "With the rank, A and B grow, and the file nearly as they do: at r = %(rank)s it "
                "has %(bytes)s bytes."
            ),
            rank=grouped(other),
            bytes=grouped(then),
        ),
    )


def file_with_more_alpha(facts: KnownFacts) -> Prediction | None:
    """How large the adapter's file is with twice the alpha."""
    now = file_at(facts, facts.scenario.rank)
    if now is None:
        return None
    return to_choose(
        "file-with-more-alpha",
        Message(
            N_(
                "Alpha goes from %(alpha)s to %(doubled)s, the rank stays %(rank)s. How large is "
                "the adapter's file then?"
            ),
            alpha=grouped(facts.scenario.alpha),
            doubled=grouped(2 * facts.scenario.alpha),
            rank=grouped(facts.scenario.rank),
        ),
        "bytes",
        now,
        (
            (2 * now, mistakes.ALPHA_SCALES),
            (now / 2, mistakes.ALPHA_SCALES),
        ),
        Message(
            N_("Alpha is one number in adapter_config.json. The file with A and B stays %(now)s."),
            now=size(now),
        ),
    )


def more_tasks(facts: KnownFacts) -> Prediction | None:
    """What one base and the adapters of twice the tasks take."""
    file = file_at(facts, facts.scenario.rank)
    if file is None or facts.model_bytes is None:
        return None
    storage = TaskStorage(facts.model_bytes, file, MORE_TASKS * facts.scenario.tasks)
    return to_drag(
        "more-tasks",
        Message(
            N_(
                "The bar is a full model for each of %(tasks)s tasks, %(full)s. How much do one "
                "base model and %(tasks)s adapters take?"
            ),
            tasks=grouped(storage.tasks),
            full=size(storage.full_models),
        ),
        "bytes",
        storage.shared,
        storage.full_models,
        Message(
            N_("The base takes %(base)s once, and each task adds %(adapter)s: %(shared)s in all."),
            base=size(storage.base),
            adapter=size(storage.adapter),
            shared=size(storage.shared),
        ),
    )


def adapters_in_model(facts: KnownFacts) -> Prediction | None:
    """How many adapters take as much as one full model."""
    file = file_at(facts, facts.scenario.rank)
    if file is None or facts.model_bytes is None or facts.optimizer is None:
        return None
    scenario, model = facts.scenario, facts.model_bytes
    dtypes = scenario.file_dtypes
    with_state = file + optimizer_bytes(facts.optimizer, scenario.rank, *dtypes)
    right = model // file
    if right < 2:
        return None
    return to_choose(
        "adapters-in-model",
        Message(
            N_(
                "One full model takes %(model)s on disk. How many adapters of r = %(rank)s take "
                "as much?"
            ),
            model=size(model),
            rank=grouped(scenario.rank),
        ),
        "number",
        right,
        (
            (model // with_state, mistakes.WITH_OPTIMIZER),
            (2 * right, mistakes.ONE_MATRIX),
            (right / 2, mistakes.COUNTED_TWICE),
        ),
        Message(
            N_("One adapter's file takes %(file)s, and %(right)s of them are as large."),
            file=size(file),
            right=grouped(right),
        ),
    )


def file_in_model(facts: KnownFacts) -> Prediction | None:
    """How long the file of a higher rank is beside the full model's."""
    rank = min(HIGHER * facts.scenario.rank, 1024)
    file = file_at(facts, rank)
    if file is None or facts.model_bytes is None:
        return None
    return to_drag(
        "file-in-model",
        Message(
            N_(
                "The bar is the full model on disk, %(model)s. How long is the adapter's file at "
                "r = %(rank)s?"
            ),
            model=size(facts.model_bytes),
            rank=grouped(rank),
        ),
        "bytes",
        file,
        facts.model_bytes,
        Message(
            N_(
                "The file takes %(file)s: A and B of the adapted layers, and no weight of the base."
            ),
            file=size(file),
        ),
    )


def bytes_of_values(facts: KnownFacts) -> Prediction | None:
    """What a round number of values takes in the adapter's number format."""
    dtype = facts.scenario.adapter_dtype
    width = BYTES_PER_VALUE[dtype]
    right = A_MILLION * width
    return to_choose(
        "bytes-of-values",
        Message(N_("A and B hold 1,000,000 values in %s. How large are they on disk?"), dtype),
        "bytes",
        right,
        (
            (A_MILLION, mistakes.ONE_BYTE),
            (8 * right, Message(N_("Those are bits. A byte has eight of them."))),
            (3 * right, mistakes.WITH_OPTIMIZER),
            (mistakes.binary_for_decimal(right), mistakes.BINARY_UNITS_SAID_DECIMAL),
        ),
        Message(
            N_("One value of %(dtype)s takes %(width)s bytes, and a million of them %(right)s."),
            dtype=dtype,
            width=width,
            right=size(right),
        ),
    )


def state_of_optimizer(facts: KnownFacts) -> Prediction | None:
    """How large the optimizer's state is that a checkpoint keeps for the adapter."""
    file = file_at(facts, facts.scenario.rank)
    if file is None or facts.optimizer is None:
        return None
    scenario = facts.scenario
    dtypes = scenario.file_dtypes
    state = optimizer_bytes(facts.optimizer, scenario.rank, *dtypes)
    optimizer = whose_file_is_torchs(scenario.optimizer)
    return to_choose(
        "state-of-optimizer",
        Message(
            N_(
                "To go on with training, a checkpoint also keeps the state of %(optimizer)s. The "
                "adapter's file has %(file)s. How large is the state?"
            ),
            optimizer=optimizer.label,
            file=size(file),
        ),
        "bytes",
        state,
        tuple(
            (values * file, mistake)
            for values, mistake in OTHER_STATES.items()
            if values != optimizer.moments
        ),
        Message(
            N_(
                "%(optimizer)s keeps %(moments)s values for each trained one, so its state has "
                "%(state)s. The file that you share does without it."
            ),
            optimizer=optimizer.label,
            moments=optimizer.moments,
            state=size(state),
        ),
    )


def file_at(facts: KnownFacts, rank: int) -> int | None:
    """Bytes of the scenario's adapter file at a rank; None while the adapter is not known."""
    if facts.layout is None:
        return None
    scenario = facts.scenario
    return adapter_bytes(facts.layout, rank, *scenario.file_dtypes)
