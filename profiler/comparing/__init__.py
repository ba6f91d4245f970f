"""Several runs of one job side by side: what differs between them, and what that did to their figures."""
