"""How long readers wait, compared with the least that Streamlit itself takes on the same machine.

Each module measures one thing and prints one table. The repetitions of what is compared
alternate within one run, and nothing is asserted: times depend on the machine, and on what else
it is doing.
"""
