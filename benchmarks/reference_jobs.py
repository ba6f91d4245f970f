"""What decomposing saves on the reference jobs, beside the careful monolith first and the research monolith then.

    python benchmarks/reference_jobs.py [--rows 10000000 --groups 5000 --days 180] [--runs 3] [--workspace FOLDER]

Claims, at 10 million line items, some 5,000 groups and 180 days, in GB-seconds as the verdict counts them (Lambda's
share of a CPU, billing by the millisecond and an init for every task included): the batched job takes at most 1/5 of
the careful monolith's and 1/80 of the research monolith's, the job that calls scikit-learn for every group at most 1/25
of the research monolith's; no task needs a memory size above 512 MB; the batched job stays within 4 times the floor of
its work; its SQL takes at most 2 times the CPU of only scanning the needed columns; ten times the rows cost at most
10.5 times the GB-seconds, with the same peak per task; and all variants give the same answer.

Method: every job is run once with both variants, so that each kept run holds the comparison of its answers; then the
decomposed variants take turns with three queries that the SQL is held against, until each was measured `--runs` times.
Then a tenth of the rows, groups and shards. All figures are from the kept runs, judged as `paredown report` does;
ratios are of medians, and their range holds the worst and the best pair. At 10 million rows it takes some 15 minutes,
13 GB of memory, and wants a quiet machine.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.evidence import Result, finish, parser
from benchmarks.floor import floor_of
from benchmarks.reference_figures import floors, growth, same_answer, savings, sizes, sql_figures
from benchmarks.reference_runs import BATCHED, CAREFUL, PER_GROUP, Kept
from benchmarks.reference_tables import (
    floor_table,
    growth_table,
    notes,
    parts_table,
    sql_table,
    steps_table,
    variants_table,
)
from profiler.model import Variant

NAME = "reference_jobs"


def main(arguments: list[str] | None = None) -> int:
    """Measure, write and show."""
    options_of = parser(__doc__)
    options_of.add_argument("--rows", type=int, default=10_000_000)
    options_of.add_argument("--groups", type=int, default=5_000)
    options_of.add_argument("--days", type=int, default=180)
    options_of.add_argument("--seed", type=int, default=0)
    options_of.add_argument("--runs", type=int, default=3, help="of everything but the monoliths")
    options_of.add_argument("--workspace", type=Path, default=Path(".paredown/benchmarks"))
    options = options_of.parse_args(arguments)
    big = {"rows": options.rows, "groups": options.groups, "days": options.days, "seed": options.seed}
    kept = Kept(options.workspace.absolute(), big)
    for job in (CAREFUL, PER_GROUP, BATCHED):
        kept.measure(job, *Variant)
    kept.scan()
    for _ in range(options.runs - 1):
        for job in (PER_GROUP, BATCHED):
            kept.measure(job, Variant.DECOMPOSED)
        kept.scan()
    for _ in range(options.runs):
        for job in (PER_GROUP, BATCHED):
            kept.grow(job)
    floor = floor_of(kept)
    return finish(
        Result(
            name=NAME,
            claim=f"What decomposing saves on the reference jobs: {options.rows:,} line items, {options.groups:,} "
            f"groups, {options.days} days; GB-seconds as the verdict counts them.",
            method="Each job once with both variants, then the decomposed variants in turn with queries to hold the "
            "SQL against. Figures from the kept runs, as `paredown report` judges them; ratios of medians, their range "
            "from the worst and the best pair.",
            runs=options.runs,
            settings={f"--{name}": value for name, value in big.items()},
            figures=(
                *savings(kept),
                *sizes(kept),
                *floors(kept, floor),
                *sql_figures(kept),
                *growth(kept),
                same_answer(kept),
            ),
            tables=(
                variants_table(kept),
                steps_table(kept),
                floor_table(floor),
                parts_table(kept),
                sql_table(kept),
                growth_table(kept),
            ),
            notes=tuple(notes(kept)),
        ),
        options.results,
    )


if __name__ == "__main__":
    sys.exit(main())
