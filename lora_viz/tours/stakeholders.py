"""For those who decide: why, what it costs, which hardware, which risks; in six steps."""

from __future__ import annotations

from lora_viz.i18n import N_
from lora_viz.tours.tour import Condition, Tour, our_stop, ours

MODEL = {"model": "llama-3.1-8b", "base-dtype": "bfloat16", "rank": "16", "alpha": "32"}
STEP = {
    **MODEL,
    "batch-size": "1",
    "seq-len": "2048",
    "gradient-checkpointing": "1",
    "training-loop": "trainer",
    "gpu": "RTX 4090",
}
STOPS = (
    our_stop(
        "parameters",
        3,
        title=N_("Why: one model, many tasks"),
        say=N_(
            "A general model does not know your task. LoRA teaches it the task and trains only "
            "%(trained_share)s of its %(total)s parameters. The model itself does not change, so "
            "one copy of it serves every task."
        ),
        look=N_("The lowest pair of bars is the whole model, trained in full and with LoRA."),
        settings=MODEL,
    ),
    our_stop(
        "checkpoints",
        3,
        title=N_("What it costs to store"),
        say=N_(
            "Full fine-tuning makes a new model of %(model_file)s for every task. LoRA makes a "
            "file of %(adapter_file)s. %(tasks)s tasks take %(tasks_full)s or %(tasks_shared)s."
        ),
        look=N_("The lower bars: all your tasks, both ways."),
        attempt=N_("Move the tasks from %(tasks)s to %(tried_tasks)s."),
        expect=N_("%(tried_tasks_full)s with full models, %(tried_tasks_shared)s with adapters."),
        settings={**MODEL, "tasks": "10"},
        tried={"tasks": "40"},
        done=(Condition("tasks", at_least=40),),
    ),
    our_stop(
        "memory",
        4,
        title=N_("What it costs to train"),
        say=N_(
            "Training needs a graphics card with enough memory. One step needs %(full_needs)s with "
            "full fine-tuning, %(lora_needs)s with LoRA, and %(qlora_needs)s with QLoRA, which "
            "packs the frozen weights into four bits. The card in the picture, %(card)s, has "
            "%(card_memory)s."
        ),
        look=N_("The line is the card. A bar that goes beyond it does not fit."),
        attempt=N_("Choose QLoRA as the method."),
        expect=N_("The large number now says what QLoRA needs of this card."),
        settings=STEP,
        tried={"method": "qlora"},
    ),
    our_stop(
        "planner",
        4,
        title=N_("Which hardware"),
        say=N_(
            "The planner holds the same step against every card. Memory decides first: a step that "
            "does not fit does not run. The large number is the lowest launch price among the "
            "cards that are enough."
        ),
        look=N_("Cards from top to bottom, ways to train from left to right."),
        attempt=N_("Choose QLoRA as the method in the sidebar."),
        expect=N_("Smaller cards are enough."),
        settings={**STEP, "planned-methods": "lora,qlora"},
        tried={"method": "qlora"},
    ),
    our_stop(
        "rank",
        3,
        title=N_("The first risk: quality"),
        say=N_(
            "Nobody can compute beforehand whether so few parameters are enough for your task. In "
            "the shipped sweep of a very small model the held-out loss falls from %(first_loss)s "
            "at r = %(first_loss_rank)s to %(lowest_loss)s at r = %(lowest_loss_rank)s. Plan a "
            "trial on your own data at several ranks."
        ),
        look=N_("The large number, and the measured sweep further down."),
        part="side",
        settings={"model": "tiny-gpt2"},
    ),
    our_stop(
        "trust",
        3,
        title=N_("The second risk: wrong figures"),
        say=N_(
            "Memory on these pages is simulated. Against runs that others measured, the peak of "
            "allocated memory is off by %(usual_error)s (median) and by %(largest_error)s at most. "
            "Seconds per step are only an estimate: measure one step before you buy."
        ),
        look=N_("Each measured run with its simulated step, and what stays unexplained."),
        part="number",
    ),
)
STAKEHOLDERS = Tour(
    name="stakeholders",
    title=ours(N_("Present: why, what it costs, which risks")),
    about=ours(N_("Six steps for those who decide about money and hardware.")),
    stops=STOPS,
)
