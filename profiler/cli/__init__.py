"""The command line: one file per command, each arguments, one call, one print and one exit code."""
