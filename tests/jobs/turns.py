"""A tiny job that says when each of its steps runs, and that fails or holds on in the turn that a test names."""

import os
import time

from profiler import Job, dataset, query, step


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
    turn("M")


def first():
    """The same, decomposed."""
    turn("D")
    return {"so": "far"}


def last(first):
    """After what the first step left."""
    assert first == {"so": "far"}
    turn("E")


answer = query("answer.sql", reads="rows")  # A table without pandas, which takes longer to import than all else here.
job = Job(
    name="turns",
    inputs={"rows": dataset("rows.csv")},
    answer_key=("key",),
    monolith=[step(whole), answer],
    decomposed=[step(first), step(last, reads="first"), answer],
)
