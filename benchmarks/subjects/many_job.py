"""A trivial step as very many tasks; each notes in a file that it has begun, and takes as long as it is told."""

import os
import time

from profiler import Job, dataset, per_shard, query, step

NOTES = os.environ.get("MANY_NOTES", os.devnull)
SECONDS = float(os.environ.get("MANY_SECONDS", "0"))


def twice(many):
    """Double each number of a shard."""
    with open(NOTES, "a") as file:  # One short write, so that those of several tasks stay apart.
        file.write(f"{many['number'].min()}\n")
    time.sleep(SECONDS)
    return many.assign(twice=2 * many["number"])


def everything(paths):
    """Do the same at once."""
    import duckdb

    return duckdb.sql(f"SELECT number, 2 * number AS twice FROM read_parquet({list(paths)})").df()


job = Job(
    name="many",
    inputs={"numbers": dataset("no-file-unless-given.parquet")},
    answer_key=("number",),
    monolith=[step(everything, reads="numbers")],
    decomposed=[
        query("many.sql", reads="numbers", shard_by="number", memory_mib=512),
        per_shard(twice, reads="many"),
    ],
)
