"""For those who build: from a model to the card that it is trained on."""

from __future__ import annotations

from lora_viz.i18n import N_
from lora_viz.tours.tour import Condition, Tour, our_stop, ours

MODEL = {"model": "llama-3.2-1b", "base-dtype": "bfloat16", "rank": "16", "alpha": "32"}
STEP = {**MODEL, "training-loop": "trainer", "gpu": "RTX 3060"}
STOPS = (
    our_stop(
        "layer_map",
        3,
        title=N_("Read a model"),
        say=N_(
            "Take any model that transformers knows: a name of the catalogue, a hub id or a "
            "config.json. Only its configuration is read. This one has %(blocks)s blocks, and its "
            "usual targets, q_proj and v_proj, adapt %(adapted)s layers."
        ),
        look=N_("One block is open; the layers with an A and a B are marked 🔥."),
        attempt=N_("Click up_proj."),
        expect=N_("%(trained)s trained parameters become %(tried_trained)s."),
        settings=MODEL,
        tried={"targets": "q_proj,v_proj,up_proj"},
    ),
    our_stop(
        "parameters",
        3,
        title=N_("Count what is trained"),
        say=N_(
            "PEFT itself counts, and the page shows the line that PEFT prints. The target "
            "all-linear adapts every linear layer but the head. It can learn more, and costs more "
            "memory and larger files."
        ),
        look=N_("The pairs of bars, and what PEFT prints."),
        attempt=N_("Choose all-linear as the target."),
        expect=N_("%(trained)s trained parameters become %(tried_trained)s."),
        settings=MODEL,
        tried={"targets": "all-linear"},
    ),
    our_stop(
        "rank",
        3,
        title=N_("Choose rank and alpha"),
        say=N_(
            "Parameters, files and optimizer state grow in proportion to the rank. The factor "
            "alpha/r = %(alpha)s/%(rank)s = %(scaling)s scales what the adapter adds. A higher "
            "rank with the same alpha makes it smaller; rsLoRA divides by √r for that reason."
        ),
        look=N_("The boxes and the line: what each rank costs."),
        attempt=N_("Double the rank to %(tried_rank)s."),
        expect=N_(
            "%(tried_trained)s trained parameters, twice as many. The factor falls to "
            "%(tried_scaling)s unless you raise alpha too."
        ),
        settings=MODEL,
        tried={"rank": "32"},
        done=(Condition("rank", at_least=32),),
    ),
    our_stop(
        "checkpoints",
        2,
        title=N_("Plan the files"),
        say=N_(
            "The adapter's file takes %(adapter_file)s, to the byte what PEFT writes. The model "
            "takes %(model_file)s and is stored once. You need the optimizer's state only to "
            "resume a run."
        ),
        look=N_("The adapter, its optimizer state, and the model."),
        attempt=N_("Choose bfloat16 as the adapter dtype."),
        expect=N_("The adapter's file shrinks to %(tried_adapter_file)s."),
        settings=MODEL,
        tried={"adapter-dtype": "bfloat16"},
    ),
    our_stop(
        "memory",
        4,
        title=N_("See what a step needs"),
        say=N_(
            "A training step is simulated tensor by tensor. With LoRA, %(batch)s × %(length)s "
            "tokens need %(lora_needs)s of the card, with CUDA's context. The curve says when the "
            "peak comes and what it is made of; below stands what would help most."
        ),
        look=N_("The curve: forward, backward, optimizer."),
        attempt=N_("Switch on gradient checkpointing."),
        expect=N_("The hill of activations flattens. What is left is weights and logits."),
        settings=STEP,
        tried={"gradient-checkpointing": "1"},
    ),
    our_stop(
        "planner",
        4,
        title=N_("Find the card"),
        say=N_(
            "The grid holds this step against every card. For the chosen card, the search below "
            "finds the largest batch and the longest sequence that fit. Each was simulated, and so "
            "was the next one, which does not fit."
        ),
        look=N_("Which cards are enough, and which are tight."),
        attempt=N_("Raise the batch size from %(batch)s to %(tried_batch)s."),
        expect=N_("The step needs more memory, and fewer cards are enough."),
        settings={**STEP, "planned-methods": "lora"},
        tried={"batch-size": "16"},
        done=(Condition("batch-size", at_least=16),),
    ),
    our_stop(
        "trust",
        2,
        title=N_("Check before you rely on it"),
        say=N_(
            "Against runs that others measured, the simulated peak is off by %(usual_error)s "
            "(median) and by %(largest_error)s at most. The command lora-viz gives the same "
            "numbers in a terminal. The training lab trains a small model for real."
        ),
        look=N_("What is assumed, and what stays unexplained."),
        part="number",
    ),
)
ENGINEERS = Tour(
    name="engineers",
    title=ours(N_("Decide: from a model to a card")),
    about=ours(N_("Seven steps for those who train: targets, rank, files, memory, hardware.")),
    stops=STOPS,
)
