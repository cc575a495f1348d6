"""Training for real: its settings and data, the process that trains, and what it leaves behind."""
