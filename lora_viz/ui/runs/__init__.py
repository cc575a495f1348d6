"""What several pages show of runs: lists, names, buttons, damaged folders."""
