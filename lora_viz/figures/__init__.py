"""The pictures: each takes numbers and returns a `go.Figure` or SVG; nothing here computes.

A picture has the name of its page. `python -m lora_viz.figures NAME` opens one with canned data.

kit
    What pictures are drawn with.
start_idea
    The idea as one picture.
full_or_lora_layers, full_or_lora_bytes
    One layer trained both ways, to scale, and its bytes.
decomposition_shapes, decomposition_rebuild
    ΔW = B × A, and what rank r misses of it.
forward_pass_steps, forward_pass_merged
    x through W and through A and B, and the merged weight.
layer_map
    The whole model.
parameters_bars, parameters_block
    Counts as bars, and one block with its targets.
rank_cost, rank_sweep
    What a rank costs, and what a sweep measured.
checkpoints_bars
    Saved files.
training_lab_curves, compare_runs_curves
    The curves of one run, and of several.
training_process_run, training_process_epochs
    A run's snapshots that move, and the explainer's epochs.
memory_bars, memory_curve
    A step against a card, and on its way.
planner_grid
    What fits on which card.
summary_bars, audit_verdicts
    The explainer's closing pairs, and its verdicts.
quiz_bar
    A guess and the truth, at the end of any page.
wording
    What things are called, in pictures, on pages and in reports.
examples
    Each of them with canned data, which the application never uses.
"""
