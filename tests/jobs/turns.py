"""A tiny job that says when each of its steps runs, and that fails or holds on in the turn that a test names."""

import os
import time

from profiler import Job, step


def turn(what):
    """Note a step's turn; the third one of `D` is `D3`, which fails or holds on where a file of that name says so."""
    with open("turns", "a") as file:
        file.write(what)
    with open("turns") as file:
        name = f"{what}{file.read().count(what)}"
    if os.path.exists(f"fail-{name}"):
        raise ValueError(f"{name} fails")
    while os.path.exists(f"hold-{name}"):
        open(f"held-{name}", "w").close()
        time.sleep(0.01)


def whole():
    """All of it at once."""
    import pandas

    turn("M")
    return pandas.DataFrame({"key": [1, 2], "value": [1.5, 2.5]})


def first():
    """The same, decomposed; as a plain value, since pandas takes longer to import than all else here."""
    turn("D")
    return {"key": [1, 2], "value": [1.5, 2.5]}


def last(first):
    """What the first step left, as a table."""
    import pandas

    turn("E")
    return pandas.DataFrame(first)


job = Job(
    name="turns",
    answer_key=("key",),
    monolith=[step(whole)],
    decomposed=[step(first), step(last, reads="first")],
)
