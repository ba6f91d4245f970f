"""The kept runs of a workspace as a whole: which there are, how each ended, and which of them may go."""
