"""How far to trust this: simulated steps, and runs that others measured."""

from statistics import median

import streamlit as st

from lora_viz.format import THIN_SPACE, grouped
from lora_viz.i18n import _
from lora_viz.memory.measured_runs import accuracies, measured_runs
from lora_viz.ui.kit import page
from lora_viz.ui.kit.literal import as_markdown

runs = {run.id: run for run in measured_runs()}
rows = accuracies()
allocated = [abs(row.error) for row in rows if row.metric == "torch_peak_allocated"]

page.headline(
    "trust",
    _(
        "Runs that others measured on their cards, and the same steps simulated without a card: "
        "see how far apart they are."
    ),
    _("%(count)s measured runs · A100, L40S, T4") % {"count": len(rows)},
)
page.key_number(
    f"{100 * median(allocated):.2g}{THIN_SPACE}%",
    _("median error of the peak allocated memory; the largest is %s")
    % f"{100 * max(allocated):.2g}{THIN_SPACE}%",
)
peaks = {"torch_peak_allocated": _("allocated"), "torch_peak_reserved": _("reserved")}
page.table(
    [
        {
            _("Run"): row.id,
            _("Error"): f"{100 * row.error:z.4f}{THIN_SPACE}%",
            _("Peak"): peaks[row.metric],
            _("Measured (B)"): grouped(row.measured),
            _("Simulated (B)"): " – ".join(map(grouped, dict.fromkeys((row.low, row.high)))),
            _("Source"): runs[row.id].source.split()[0],  # the repository; all of it stands below
            _("Libraries"): f"transformers {row.software['transformers']}, "
            f"peft {row.software['peft']}, torch {row.software['torch']}",
        }
        for row in rows
    ],
    "accuracy",
)
sources = dict.fromkeys(runs[row.id].source for row in rows)
st.caption(_("Measured and published by: %s") % as_markdown(" · ".join(sources)))
st.markdown(
    _(
        "Each run was simulated with the versions of transformers and peft that produced it, "
        "except that the L40S runs use peft 0.19.1 in place of 0.19.2; torch is this app's. "
        "`make bench-accuracy` repeats it. Reserved memory is a range: the error is 0 inside "
        "it, otherwise the distance to its nearer end."
    )
)
st.markdown(
    _(
        "**What such bytes are made of.** The A100 runs are met to a few kilobytes only with all "
        "that was true of them. Weights in bfloat16 are not mixed precision: without the switch "
        "bf16, Trainer uses no autocast. Their trainer adds a padding token, which changes the "
        "vocabulary. The batch stays on the card until the next one. Trainer has two groups of "
        "parameters, and AdamW copies one group at a time."
    )
)
st.markdown(
    _(
        "**What stays unexplained.** The two runs of SantaCoder in 4 bits are 0.8 % too high, by "
        "about one hidden state in float32; which one is not known. Runs on the T4 in 4 bits are "
        "off by a few tenths of a percent: the allocator counts a block as a whole when less than "
        "1 MiB of it is left. How much that is depends on the order in which weights arrive. "
        "transformers 5.0 loads them with four threads, and in nine runs of the T4's source one "
        "model took from 1,071.6 to 1,078.1 MiB once loaded. Here weights arrive one by one, as "
        "later versions load them. Reserved memory of padded batches depends on the order of their "
        "lengths, which was not published."
    )
)
st.markdown(
    _(
        "**What is assumed.** A CUDA context of 500 MiB; no token of a padded batch is dropped; "
        "a plain loop keeps the model's outputs until the backward pass is over."
    )
)
