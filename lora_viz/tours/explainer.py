"""The explainer's lesson: its sections in their order, in fifty minutes."""

from __future__ import annotations

from lora_viz.i18n import N_
from lora_viz.tours.tour import Condition, Tour, our_stop, ours

STOPS = (
    our_stop(
        "start",
        3,
        title=N_("The idea"),
        say=N_(
            "This lesson follows the explainer, a Korean text about LoRA. Full fine-tuning "
            "changes every weight of a model. LoRA leaves the weights W frozen ❄ "
            "and trains two thin matrices next to them, A and B 🔥. Their product B × A stands "
            "for the change ΔW. Of GPT-2 small, %(trained)s of %(total)s parameters are trained: "
            "%(trained_share)s."
        ),
        look=N_("The large square is W, the two strips are A and B, all to scale."),
        attempt=N_("Move the rank from %(rank)s to %(tried_rank)s."),
        expect=N_(
            "The strips get wider and the share grows to %(tried_trained_share)s. W stays the same."
        ),
        tried={"rank": "64"},
        done=(Condition("rank", at_least=64),),
    ),
    our_stop(
        "full_or_lora",
        5,
        title=N_("One layer, trained both ways"),
        say=N_(
            "What is trained also needs a gradient and Adam's two moments in memory. For this "
            "layer that is %(layer_full)s with full fine-tuning and %(layer_lora)s with LoRA, "
            "%(layer_saved)s less. This leaves out W, which LoRA does not train but keeps in "
            "memory."
        ),
        look=N_("The bars show weights, gradients and moments, each way."),
        attempt=N_("Switch on “Count the frozen weight too”."),
        expect=N_(
            "The saving falls to %(layer_saved_with_frozen)s: LoRA saves what training adds, not "
            "the model itself."
        ),
        tried={"count-frozen": "1"},
    ),
    our_stop(
        "decomposition",
        4,
        title=N_("ΔW = B × A"),
        say=N_(
            "ΔW of this layer has %(inputs)s × %(outputs)s = %(update)s values. B × A has the "
            "same shape, but B and A hold only %(thin)s values, %(thin_share)s of that. Every "
            "extra rank adds one column to B and one row to A. Above r = %(break_even)s the two "
            "hold more than ΔW."
        ),
        look=N_("ΔW, B and A to scale, with a magnifier on what is thin."),
        attempt=N_("Move the rank to %(tried_rank)s."),
        expect=N_("B and A hold %(tried_thin)s values now: more than ΔW, so nothing is saved."),
        tried={"rank": "512"},
        done=(Condition("rank", at_least=512),),
    ),
    our_stop(
        "decomposition",
        4,
        title=N_("How close does B × A come?"),
        say=N_(
            "B × A can only be a matrix of rank r. This example ΔW has a known rank and some noise "
            "on top. Below that rank something of it is missing; from there on only noise is, and "
            "more rank gains little. Whether the ΔW of your task is like this, only training shows."
        ),
        look=N_(
            "The error at every rank: of B and A that were fitted, and of the best possible. Below "
            "it, how much of ΔW each further rank holds (its singular values)."
        ),
        attempt=N_("Raise the rank from %(rank)s to %(tried_rank)s, the true rank of the example."),
        expect=N_(
            "Both curves turn at the true rank: what is still missing from there on is the noise."
        ),
        settings={"decomposition": "rebuild", "rank": "2", "true-rank": "4"},
        tried={"rank": "4"},
        done=(Condition("rank", at_least=4),),
    ),
    our_stop(
        "forward_pass",
        5,
        title=N_("What an adapted layer computes"),
        say=N_(
            "The input x takes two ways. W·x is computed as before. A turns x into %(rank)s "
            "numbers, B turns these into an output, and the factor alpha/r = %(alpha)s/%(rank)s = "
            "%(scaling)s scales it; twice the rank with the same alpha halves that factor. Their "
            "sum is h. Training starts with B at zero, so the model starts as it was."
        ),
        look=N_("The steps: W·x, then A·x and B·(A·x), then the sum."),
        attempt=N_("Choose “Merged” above the picture."),
        expect=N_(
            "W + B × A, scaled and added once, gives the same h. A merged model is as fast as the "
            "base model."
        ),
        tried={"step": "merged"},
    ),
    our_stop(
        "layer_map",
        4,
        title=N_("Which layers get an adapter"),
        say=N_(
            "The explainer adapts attention only: c_attn makes queries, keys and values, "
            "attn.c_proj makes the output. That is %(adapted)s layers in %(blocks)s blocks. You "
            "choose the layers by their names. The feed-forward layers may have an adapter too."
        ),
        look=N_("In the open block, the layers with an A and a B are marked 🔥."),
        attempt=N_("Click attn.c_proj, which makes the output of attention."),
        expect=N_(
            "It loses its A and B in every block: %(trained)s trained parameters become "
            "%(tried_trained)s."
        ),
        tried={"targets": "c_attn"},
    ),
    our_stop(
        "parameters",
        5,
        title=N_("Count the whole model"),
        say=N_(
            "Attention alone gives %(trained)s trained parameters, %(trained_share)s of the model. "
            "The explainer says %(explainer_adapter)s. Both counts are right, for two adapters: "
            "PEFT compares the ends of names, so the short name c_proj also matches mlp.c_proj in "
            "the feed-forward part."
        ),
        look=N_("Each pair of bars: all parameters, and below them those of LoRA."),
        attempt=N_("Switch on “Short target names”."),
        expect=N_("The count becomes %(explainer_adapter)s. Check what a target name matches."),
        tried={"short-target": "1"},
    ),
    our_stop(
        "rank",
        4,
        title=N_("What a rank costs, and what it gains"),
        say=N_(
            "The cost is exact: %(per_block)s parameters per block at r = %(rank)s. The gain must "
            "be measured. In the shipped sweep the held-out loss falls from %(first_loss)s at r = "
            "%(first_loss_rank)s to %(lowest_loss)s at r = %(lowest_loss_rank)s. For general "
            "tasks the explainer recommends r = %(explainer_low_rank)s to %(explainer_high_rank)s; "
            "measure it on yours."
        ),
        look=N_("Boxes as wide as the rank; below them, what the sweep measured."),
        attempt=N_("Move the rank to %(tried_rank)s."),
        expect=N_("%(tried_per_block)s parameters per block: twice the rank costs twice as much."),
        tried={"rank": "16"},
        done=(Condition("rank", at_least=16),),
    ),
    our_stop(
        "training_process",
        4,
        title=N_("What changes during training"),
        say=N_(
            "W never changes. A starts random and B starts at zero; after the first step B is no "
            "longer zero. For its first epoch the explainer gives a loss of %(explainer_loss)s and "
            "a perplexity of %(explainer_perplexity)s. Perplexity is e to the power of the loss, "
            "which is %(computed_perplexity)s: the two come from different measurements."
        ),
        look=N_("W, B and A of a real run, snapshot by snapshot."),
        attempt=N_(
            "Click ▶ to play the run. Then scroll to the explainer's four epochs and choose the "
            "last one."
        ),
        expect=N_("B and A have learned, W is frozen. This loss and perplexity disagree too."),
        tried={"epoch": "20"},
    ),
    our_stop(
        "memory",
        5,
        title=N_("What a training step needs"),
        say=N_(
            "LoRA shrinks gradients and moments. Weights and activations stay, and they are most "
            "of the memory; QLoRA packs the base's linear layers into four bits a weight. A step "
            "of %(batch)s × %(length)s tokens needs %(full_needs)s with full fine-tuning and "
            "%(lora_needs)s with LoRA: %(lora_needs_less)s less. The explainer's "
            "%(explainer_full)s and %(explainer_lora)s assume the activations; here they are "
            "simulated."
        ),
        look=N_("The bars show the peak by kind, the curve shows one step."),
        attempt=N_("Switch on gradient checkpointing."),
        expect=N_(
            "The activations shrink, because each block keeps only its input. The step takes "
            "longer, because the rest is computed twice. Whether a larger model fits your card is "
            "answered by the page Planner."
        ),
        tried={"gradient-checkpointing": "1"},
    ),
    our_stop(
        "checkpoints",
        3,
        title=N_("What ends up on disk"),
        say=N_(
            "A full model takes %(model_file)s for every task. An adapter takes %(adapter_file)s, "
            "%(file_share)s of that, and all tasks share one base. The explainer's "
            "%(explainer_file)s is for its larger adapter and counts the optimizer's state too, "
            "which you need only to go on training. To share your work, share the adapter: whoever "
            "has the same base model needs nothing else."
        ),
        look=N_("The bars of one run, and those of several tasks."),
        attempt=N_("Move the tasks from %(tasks)s to %(tried_tasks)s."),
        expect=N_(
            "Full models take %(tried_tasks_full)s. One base with its adapters takes "
            "%(tried_tasks_shared)s."
        ),
        tried={"tasks": "50"},
        done=(Condition("tasks", at_least=50),),
    ),
    our_stop(
        "summary",
        2,
        title=N_("What to remember"),
        say=N_(
            "LoRA makes small what is trained, %(trained)s of %(total)s parameters, and what is "
            "stored for each task, %(adapter_file)s in place of %(model_file)s. The base model "
            "stays whole, in memory and on disk."
        ),
        look=N_("Three pairs of bars, each with a scale of its own."),
    ),
    our_stop(
        "audit",
        2,
        title=N_("Which figures hold"),
        say=N_(
            "Every figure of the explainer is recomputed and gets a verdict. Most are exact or "
            "rounded. The rest have three causes: a short name that matches more layers, a frozen "
            "W that was left out, and figures of two kinds that were compared."
        ),
        look=N_("How many figures got each verdict."),
        attempt=N_("Choose the verdict “contradicted”."),
        expect=N_("Each row says what was computed, and why it differs."),
        tried={"verdict": "contradicted"},
    ),
)
EXPLAINER = Tour(
    name="explainer",
    title=ours(N_("Learn: the explainer in one lesson")),
    about=ours(N_("LoRA from the idea to the file on disk, in the explainer's order.")),
    stops=STOPS,
)
