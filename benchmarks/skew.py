"""How near the largest shard comes to the largest group, and what counting the groups costs.

    python benchmarks/skew.py [--runs 5] [--rows 1000000]

Claims: with `--shards auto` the largest shard has at most 1.25 times the rows that it has to have: those of the largest
group, or an even share of a sixteenth, where the groups are smaller than that; with no more than three times as many
tasks as such shares. Counting the groups uses at most 0.3 times the CPU time of a query that takes every row, its
result written in shards, and less than the query where that adds rows up: which groups and days there are is then most
of the work, and the count has to find it out as well.

Method: tables of as many rows with groups of different shapes, each split by a query that takes every row (`SELECT *`)
and by one that adds them up per group and day; and the line items of the bundled jobs, with their own query. Both the
count and the query run as the sandbox runs them, in turn in this process, with the memory limit and the one thread that
a query of 1,024 MB gets, after a first round that warms the page cache. What the largest shard holds is read from the
files that the query leaves, and not from the count.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from statistics import median

import duckdb

from benchmarks.evidence import Figure, Result, Table, figure, finish, parser
from profiler.model import Kind, PlannedStep
from profiler.querysize import query_memory_limit_mib, query_threads
from profiler.sandbox import counting, queries
from profiler.session.sharding import WORTH
from profiler.work import Answered, Counted, CountGroups, RunQuery, Source

NAME = "skew"
MOST_TIMES, MOST_TASKS, MOST_COST, MOST_COST_ADDED_UP = 1.25, 3, 0.3, 1
MEMORY_MIB = 1024
ROOT = Path(__file__).resolve().parent.parent
SHAPES = {
    "even": "i % 250",
    "few and even": "i % 20",
    "Zipf": "floor(exp(random() * ln(5000)))",
    "one giant": "CASE WHEN i % 10 > 0 THEN 0 ELSE i % 5000 END",
    "one group": "0",
    "100,000 groups": "i % 100000",
}
"""SQL of the number of the group of row `i`. Of Zipf's, the size falls with the rank, to the power of one."""
EVERY = "every row"
ALL_ROWS = "SELECT * FROM sales"
ADDED_UP = "SELECT customer, day, sum(cost) AS cost, count(*) AS lines FROM sales GROUP BY ALL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A query over a table, and by which keys it is split."""

    title: str
    source: Source
    step: PlannedStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was found of one query."""

    title: str
    counted: Counted
    largest_shard: int
    """Rows, as the files hold them."""
    tasks: int
    count_s: tuple[float, ...]
    query_s: tuple[float, ...]

    @property
    def has_to_be(self) -> float:
        """Rows that the largest shard cannot do without, or need not."""
        return max(self.counted.skew.largest[0].rows, self.counted.skew.rows / WORTH)

    @property
    def cost(self) -> list[float]:
        """CPU time of the count in parts of the query's, of each round."""
        return [count / query for count, query in zip(self.count_s, self.query_s, strict=True)]


def main(arguments: list[str] | None = None) -> int:
    """Measure, write and show."""
    options_of = parser(__doc__)
    options_of.add_argument("--runs", type=int, default=5)
    options_of.add_argument("--rows", type=int, default=1_000_000)
    options = options_of.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = [seen(split, Path(folder), options.runs) for split in splits(Path(folder), options.rows)]
    return finish(
        Result(
            name=NAME,
            claim=f"With --shards auto the largest shard has at most {MOST_TIMES:g} times the rows that it has to "
            f"have. Counting the groups takes at most {MOST_COST:g} times the CPU time of a query that takes every "
            "row, and less than one that adds up.",
            method="Tables with groups of different shapes, split by a query that takes every row and by one that adds "
            "up; and the bundled line items. A shard has to have the rows of the largest group, or a sixteenth of all "
            "where the groups are smaller. Shards as the query's files hold them.",
            runs=options.runs,
            settings={"--rows": options.rows},
            figures=tuple(figures_of(found)),
            tables=(
                Table(
                    title="Each query.",
                    columns=("query", "groups", "largest group", "shards", "tasks", "largest shard", "count, CPU s",
                             "query, CPU s"),
                    rows=tuple(map(row, found)),
                ),
            ),
        ),
        options.results,
    )  # fmt: skip


def splits(folder: Path, rows: int) -> Iterator[Split]:
    """Every query, with its table written."""
    for shape, number in SHAPES.items():
        path = folder / f"{shape}.parquet"
        duckdb.sql(
            f"SELECT setseed(0.5); COPY (SELECT 'customer ' || ({number})::INTEGER AS customer, i % 30 AS day, "
            f"random() * 100 AS cost, md5(i::VARCHAR) AS note FROM range({rows}) AS t(i)) TO '{path}' (FORMAT parquet)"
        )
        for way, sql in ((EVERY, ALL_ROWS), ("added up", ADDED_UP)):
            yield a_split(f"{shape}, {way}", "sales", (str(path),), sql, ("customer",))
    sys.path.insert(0, str(ROOT / "workloads"))
    from billing_rules import KEYS
    from line_items import make_line_items

    made = folder / "line_items"
    made.mkdir()
    make_line_items(made, rows=rows)
    sql = (ROOT / "sql" / "cost_anomalies" / "daily_cost.sql").read_text(encoding="utf-8")
    yield a_split("line items, daily cost", "line_items", tuple(map(str, sorted(made.iterdir()))), sql, tuple(KEYS))


def a_split(title: str, name: str, files: tuple[str, ...], sql: str, keys: tuple[str, ...]) -> Split:
    """A query over one input."""
    return Split(
        title=title,
        source=Source(name=name, files=files, is_input=True),
        step=PlannedStep(
            name="split", kind=Kind.QUERY.value, reads=(name,), sql=sql, shard_by=keys, memory_mib=MEMORY_MIB
        ),
    )


def seen(split: Split, folder: Path, runs: int) -> Seen:
    """Count and split by turns."""
    limit, threads = query_memory_limit_mib(MEMORY_MIB), query_threads(MEMORY_MIB)
    count = CountGroups(
        split=split.step, queries={}, sources=(split.source,), memory_limit_mib=limit, threads=threads, worth=WORTH
    )
    counted = counting.carry_out(count).result
    target = folder / "split"
    query = RunQuery(
        name="split", sql=split.step.sql or "", file="split.sql", sources=(split.source,), target=str(target),
        memory_limit_mib=limit, threads=threads, shard_by=split.step.shard_by, shards=counted.shards,
    )  # fmt: skip
    queries.carry_out(query)
    files = f"read_parquet('{target}/*/*.parquet', hive_partitioning = true)"
    shards = duckdb.sql(f"SELECT count(*) FROM {files} GROUP BY {queries.SHARD}").fetchall()
    times = [(cpu_s(lambda: counting.carry_out(count)), cpu_s(lambda: queries.carry_out(query))) for _ in range(runs)]
    rmtree(target)
    return Seen(
        title=split.title,
        counted=counted,
        largest_shard=max(rows for (rows,) in shards),
        tasks=len(shards),
        count_s=tuple(time[0] for time in times),
        query_s=tuple(time[1] for time in times),
    )


def cpu_s(work: Callable[[], Answered]) -> float:
    """CPU time of this process, all its threads."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def figures_of(found: list[Seen]) -> Iterator[Figure]:
    """The worst of all queries; the table has each."""
    yield figure(
        f"largest shard ÷ rows that it has to have, worst of {len(found)} queries",
        max(item.largest_shard / item.has_to_be for item in found), "times", at_most=MOST_TIMES,
    )  # fmt: skip
    yield figure(f"most tasks of any ÷ {WORTH}", max(item.tasks for item in found) / WORTH, "times", at_most=MOST_TASKS)
    taking = [item for item in found if item.title.endswith(EVERY)]
    adding = [item for item in found if item not in taking]
    for way, some, most in (("takes every row", taking, MOST_COST), ("adds rows up", adding, MOST_COST_ADDED_UP)):
        worst = max(some, key=lambda item: median(item.cost))
        yield figure(
            f"CPU of the count ÷ that of a query that {way}, worst of {len(some)}", worst.cost, "times", at_most=most
        )


def row(item: Seen) -> tuple[str, ...]:
    """One query of the table."""
    skew = item.counted.skew
    return (
        item.title,
        f"{skew.groups:,}",
        f"{100 * skew.largest[0].rows / skew.rows:.3g} %",
        f"{item.counted.shards:,}",
        f"{item.tasks:,}",
        f"{100 * item.largest_shard / skew.rows:.3g} %",
        f"{median(item.count_s):.3f}",
        f"{median(item.query_s):.3f}",
    )


if __name__ == "__main__":
    sys.exit(main())
