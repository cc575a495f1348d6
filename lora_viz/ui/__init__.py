"""The application: what its pages share, and a folder for each page's parts.

script
    What Streamlit runs for every page: settings, navigation, sidebar, then the page.
page_list
    The pages, from which navigation, links, tests and benchmarks derive.
sidebar
    The scenario and the language, left of every page.
navigation
    The pages by section, above every page.
kit, charts, session, serving
    What pages are built with; Plotly's pictures; one reader's session; the server around them.
tables
    Tables that phones and paper show as lines.
page_end, quiz
    What stands below every page, and the questions there.
stage
    The application in front of people, and a speaker's notes.
tour
    Guided tours, in a bar above the pages.
full_or_lora, decomposition, forward_pass, layer_map, glossary
    The pages that explain, and terms that explain themselves on all pages.
parameters, rank, checkpoints
    The pages that count.
training_lab, compare_runs, training_process, runs
    The pages about runs, and what they share.
memory, bring_your_own, planner, failed_run, compare, this_machine
    The pages to decide by.
summary, audit
    The pages about the explainer.
take_home
    What a reader takes home from any page.
"""
