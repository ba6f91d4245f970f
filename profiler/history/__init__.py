"""The kept runs of one job over time: their figures, read from many files at once, and which of them crept up."""
