"""The application: what its pages share, and a folder for each page's parts.

script
    What Streamlit runs for every page: settings, navigation, sidebar, then the page.
page_list
    The pages, from which navigation, links, tests and benchmarks derive.
sidebar
    The scenario and the language, left of every page.
navigation
    The pages by section, above every page.
kit, session, serving
    What pages are built with; one reader's session; the server around them.
full_or_lora, decomposition, forward_pass, layer_map
    The pages that explain.
parameters, rank, checkpoints
    The pages that count.
training_lab, compare_runs, training_process, runs
    The pages about runs, and what they share.
memory, planner, compare, this_machine
    The pages to decide by.
summary, audit
    The pages about the explainer.
take_home
    What a reader takes home from any page.
"""
