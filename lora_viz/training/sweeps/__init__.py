"""The same job at several ranks.

sweep
    `Sweep`: its plan, its folder and its process.
findings
    What a sweep found out, as medians.
learning_rates
    How the learning rates of the shipped sweeps were chosen.
"""
