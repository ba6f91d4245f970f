"""Made-up metrics of machines, one value every five minutes, with labelled incidents: same seed, same values.

Shaped like the CloudWatch part of the Numenta Anomaly Benchmark, whose real series the job reads just as well: a
level, a day's rhythm, noise, and in each series two incidents of one to three hours, where it triples or falls silent.
"""

from __future__ import annotations

from pathlib import Path


def make_metrics(folder: Path, *, series: int = 20, days: int = 14, seed: int = 0) -> None:
    """Write `metrics.parquet`: timestamp, value, series, label (an incident starts), in_window (within an hour of one).

    Raises:
        ValueError: If a parameter makes no sense, with what was expected.
    """
    for name, value in (("series", series), ("days", days), ("seed", seed)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{name} is {value!r}; expected a whole number")
    for name, value, least, most in (("series", series, 1, 100_000), ("days", days, 6, 3_650)):
        if not least <= value <= most:
            raise ValueError(f"{name} is {value:,}; expected {least:,} to {most:,}")
    import duckdb

    path = str(folder / "metrics.parquet").replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            CREATE MACRO chance(what, a, b) AS md5_number_lower(concat_ws('/', {seed}, what, a, b));
            CREATE MACRO part(bits, number) AS ((bits >> (16 * number)) & 65535)::INTEGER;
            CREATE MACRO uniform(bits, number) AS part(bits, number) / 65536.0::DOUBLE;
            CREATE MACRO normal(bits) AS
                (part(bits, 0) + part(bits, 1) + part(bits, 2) + part(bits, 3) - 131070) / 37837.0;
            CREATE TEMP TABLE machines AS
            SELECT number, chance('machine', number, '') AS bits,
                ['cpu_utilization', 'network_in', 'request_count', 'disk_write_bytes'][1 + number % 4] || '_'
                    || substr(md5({seed} || '/name/' || number), 1, 6) AS series,
                [40.0, 2e6, 120.0, 5e5][1 + number % 4] * (0.3 + uniform(bits, 0)) AS level,
                0.4 * uniform(bits, 1) AS rhythm,
                0.02 + 0.1 * uniform(bits, 2) AS noise,
                part(bits, 3) % 288 AS phase
            FROM range({series}) AS each(number);
            -- The first five days stay quiet: a model learns from the first part of its series.
            CREATE TEMP TABLE incidents AS
            SELECT number, chance('incident', number, which) AS bits,
                1440 + (which * 2 + 1) * ({days} * 288 - 1440) // 4 + part(bits, 0) % 96 - 48 AS first_point,
                first_point + 12 + part(bits, 1) % 24 AS end_point,
                CASE WHEN part(bits, 2) % 3 = 0 THEN 0.02 ELSE 3.0 END AS factor
            FROM range({series}) AS each(number), range(2) AS two(which)
            """
        )
        connection.execute(
            f"""
            COPY (
                SELECT TIMESTAMP '2025-01-01' + INTERVAL 5 MINUTE * point AS timestamp,
                    level * (1 + rhythm * sin((point + phase) % 288 / 288 * 2 * pi()))
                        * (1 + noise * normal(chance('point', number, point)))
                        * coalesce((SELECT min(factor) FROM incidents AS i WHERE i.number = machines.number
                            AND point >= first_point AND point < end_point), 1) AS value,
                    series,
                    EXISTS (SELECT 1 FROM incidents AS i WHERE i.number = machines.number
                        AND point = first_point) AS label,
                    EXISTS (SELECT 1 FROM incidents AS i WHERE i.number = machines.number
                        AND point >= first_point - 12 AND point < end_point + 12) AS in_window
                FROM machines, range({days} * 288) AS each(point)
                ORDER BY number, point
            ) TO '{path}' (FORMAT parquet)
            """
        )
