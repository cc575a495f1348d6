"""A job's process: started, queued, stopped and recorded. Nothing here loads torch at once.

launch
    Start, stop and resume a run.
queue, stopping
    One job at a time, first come; the wish to stop.
memory_limits
    Whether a process may take what a job needs at the least.
job, record, failures, printing
    A job from its turn to its result, what it records, and why it failed.
"""
