"""The same array in a step, once in the monolith and once in a task of its own."""

from typing import Any

from spike import spike

from profiler import Job, step


def make_spike() -> Any:
    """Make the array, then return the smallest answer there is."""
    spike()
    import pandas as pd

    return pd.DataFrame({"key": [0]})


job = Job(name="spike", monolith=[step(make_spike)], decomposed=[step(make_spike)], answer_key="key")
