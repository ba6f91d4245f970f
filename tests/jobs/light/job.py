"""What was sold per customer, service and day: little to import, so `shop` takes twice as long."""

import os
import time

from profiler import Job, dataset, per_group, query, step

KEYS = ("customer", "service")
WAIT = os.environ.get("SHOP_WAIT", "")  # A file; while it is there, `hold` does not go on.


def hold():
    """Hold on while a test wants it, and say so."""
    if WAIT:
        with open(f"{WAIT}.reached", "a") as file:
            file.write("x")
    while os.path.exists(WAIT):
        time.sleep(0.01)


def cutoff():
    """From where on to predict: an object, no table."""
    return {"day": 0}


def predict(sold, cutoff):
    """One group's days."""
    hold()
    return sold[sold["day"] >= cutoff["day"]]


job = Job(
    name="light",
    inputs={"sales": dataset("data/*.parquet")},
    answer_key=(*KEYS, "day"),
    monolith=[query("sold.sql", reads="sales")],
    decomposed=[
        query("sold.sql", reads="sales", shard_by=KEYS, memory_mib=256),
        step(cutoff),
        per_group(predict, reads=("sold", "cutoff"), by=KEYS),
    ],
)
