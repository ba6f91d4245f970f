"""Costs per customer, service and day; a model per group; what is far from it. Small, and every kind of step."""

import os

from profiler import Job, dataset, per_group, query, step

KEYS = ("customer", "service")
WAIT = os.environ.get("SHOP_WAIT", "")  # A file; while it is there, `predict` does not go on.


def load(paths):
    """Load everything."""
    import duckdb

    return duckdb.sql(f"SELECT * FROM read_parquet({list(paths)})").df()


def daily(load):
    """Group in memory."""
    return load.groupby([*KEYS, "day"], as_index=False).agg(cost=("cost", "sum"))


def cutoff():
    """From where on to predict; given to every task as it is."""
    return {"day": 8}


def train(daily, cutoff):
    """Fit one group: an object, no table."""
    history = daily[daily["day"] < cutoff["day"]]
    return {"mean": float(history["cost"].mean())}


def predict(daily, train, cutoff):
    """One group's last days, beside what its model says."""
    wait_as_told()
    return daily[daily["day"] >= cutoff["day"]][["day", "cost"]].assign(expected=train["mean"])


def wait_as_told():
    """Hold on while a test wants it, and say so."""
    import time

    if WAIT:
        with open(f"{WAIT}.reached", "a") as file:
            file.write("x")
    while WAIT and os.path.exists(WAIT):
        time.sleep(0.01)


def score(answer):
    """What is known of the answer."""
    return {"rows": len(answer), "share": (answer["cost"] > answer["expected"]).mean()}


job = Job(
    name="shop",
    inputs={"sales": dataset("data/*.parquet")},
    request="customer",
    answer_key=(*KEYS, "day"),
    score=score,
    dollars_per_day=7,
    requests_per_day=3000,
    monolith=[
        step(load, reads="sales"),
        step(daily, reads="load"),
        step(cutoff),
        per_group(train, reads=("daily", "cutoff"), by=KEYS),
        per_group(predict, reads=("daily", "train", "cutoff"), by=KEYS),
    ],
    decomposed=[
        query("daily.sql", reads="sales", shard_by=KEYS, memory_mib=256),
        step(cutoff),
        per_group(train, reads=("daily", "cutoff"), by=KEYS),
        per_group(predict, reads=("daily", "train", "cutoff"), by=KEYS),
    ],
)
