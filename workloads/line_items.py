"""Made-up cloud bills in FOCUS 1.0 columns: same seed and parameters, same rows in the same files.

All chance comes from md5 of a row's own coordinates (group, day, line) and the seed, so neither threads nor the order
of work can change it. DuckDB does the work, file by file, so memory stays small at any number of rows.

What is like a real bill: a few huge customers and many tiny ones, costs spread over orders of magnitude, quieter
weekends, trends, groups that begin late or end early, lines without a region, credits. What is not: the money of a
group-day follows a formula, and a known 0.25 % of all group-days are multiplied by 2 to 8. The column
`x_InjectedAnomaly` says which (FOCUS: a provider's own columns begin with x_).
"""

from __future__ import annotations

import os
from datetime import date, timedelta
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

FIRST_DAY = date(2025, 1, 1)
ROWS_PER_FILE = 550_000
"""About what one export of ten days holds; each file is sorted and written by itself."""
GROUPS_PER_ACCOUNT = 16
SPIKES_PER_MILLION = 2_500

# name, category, unit, list price of a unit in micro-dollars, what a line says, how its resources' ids begin
SERVICES = (
    ("Amazon Elastic Compute Cloud", "Compute", "Hours", 96_000, "On Demand Linux instance hour", "i-"),
    ("Amazon Simple Storage Service", "Storage", "GB-Months", 23_000, "GB-month of standard storage", None),
    ("Amazon Relational Database Service", "Databases", "Hours", 171_000, "RDS instance hour", "db-"),
    ("AWS Lambda", "Compute", "Seconds", 16, "GB-second of compute", "function:"),
    ("Amazon DynamoDB", "Databases", "Requests", 1, "read and write request units", "table/"),
    ("Elastic Load Balancing", "Networking", "LCU-Hours", 8_000, "load balancer capacity unit-hour", "app/"),
    ("AmazonCloudWatch", "Management and Governance", "Metrics", 300_000, "custom metric per month", "log-group:"),
    ("Amazon Virtual Private Cloud", "Networking", "Hours", 45_000, "NAT gateway hour", "nat-"),
    ("Amazon Elastic Container Service", "Compute", "vCPU-Hours", 40_480, "Fargate vCPU hour", "task/"),
    ("Amazon Simple Queue Service", "Integration", "Requests", 1, "standard requests", "queue-"),
    ("Amazon Kinesis", "Analytics", "Shard-Hours", 15_000, "shard hour", "stream/"),
    ("Amazon Redshift", "Analytics", "Hours", 250_000, "dc2.large node hour", "cluster:"),
    ("Amazon ElastiCache", "Databases", "Hours", 68_000, "cache node hour", "cache:"),
    ("Amazon SageMaker", "AI and Machine Learning", "Hours", 269_000, "ml.m5.xlarge hosting hour", "endpoint/"),
    ("AWS Key Management Service", "Identity", "Requests", 3, "KMS requests", "key/"),
    ("AWS Glue", "Analytics", "DPU-Hours", 440_000, "data processing unit hour", "job/"),
    ("Amazon CloudFront", "Networking", "GB", 85_000, "data transfer out", "E"),
    ("Amazon Route 53", "Networking", "Queries", 1, "DNS queries", None),
)  # fmt: skip
WITHOUT_REGION = ("Amazon CloudFront", "Amazon Route 53")
REGIONS = (
    ("us-east-1", "US East (N. Virginia)"),
    ("us-west-2", "US West (Oregon)"),
    ("eu-central-1", "EU (Frankfurt)"),
    ("eu-west-1", "EU (Ireland)"),
    ("us-east-2", "US East (Ohio)"),
    ("ap-northeast-1", "Asia Pacific (Tokyo)"),
    ("ap-south-1", "Asia Pacific (Mumbai)"),
    ("ap-southeast-1", "Asia Pacific (Singapore)"),
    ("eu-west-2", "EU (London)"),
    ("sa-east-1", "South America (Sao Paulo)"),
)
NAMES = (
    "Amber", "Birch", "Cedar", "Delta", "Ember", "Falcon", "Garnet", "Harbor", "Indigo", "Juniper", "Krypton", "Lotus",
    "Meadow", "Nimbus", "Onyx", "Pioneer", "Quartz", "Raven", "Summit", "Tundra", "Umbra", "Vertex", "Willow", "Zephyr",
)  # fmt: skip


def make_line_items(
    folder: Path, *, rows: int = 1_000_000, groups: int = 1_500, days: int = 150, seed: int = 0
) -> None:
    """Write bills as Parquet, one file per span of days, named by its first day.

    Args:
        folder: An existing folder.
        rows: Line items in all, exactly.
        groups: Different (customer, account, service, region); at most as many as rows.
        days: Length of the bills, from 2025-01-01.
        seed: Another seed, another bill.

    Raises:
        ValueError: If a parameter makes no sense, with what was expected.
    """
    _check(rows=rows, groups=groups, days=days, seed=seed)
    import duckdb

    connection = duckdb.connect(config={"memory_limit": "1GiB", "temp_directory": os.fspath(folder / ".spill")})
    with connection:
        connection.execute("SET enable_progress_bar = false")
        _define(connection, rows=rows, groups=groups, days=days, seed=seed)
        files = min(days, -(-rows // ROWS_PER_FILE))
        bounds = [days * number // files for number in range(files + 1)]
        for first, end in pairwise(bounds):
            name = f"line_items-{FIRST_DAY + timedelta(days=first)}.parquet"
            _write(connection, folder / name, first=first, end=end)
    spill = folder / ".spill"
    if spill.is_dir():
        spill.rmdir()


def _check(*, rows: int, groups: int, days: int, seed: int) -> None:
    for name, value in (("rows", rows), ("groups", groups), ("days", days), ("seed", seed)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{name} is {value!r}; expected a whole number")
    for name, value, most in (("rows", rows, 10**10), ("groups", groups, 10**7), ("days", days, 3_650)):
        if not 1 <= value <= most:
            raise ValueError(f"{name} is {value:,}; expected 1 to {most:,}")
    if groups > rows:
        raise ValueError(f"groups is {groups:,} and rows is {rows:,}; expected at least one row per group")


def _define(connection: Any, *, rows: int, groups: int, days: int, seed: int) -> None:
    """Make the table `groups`: who pays for what, how much, how evenly, from when to when, in how many lines."""
    customers = max(1, round(groups**0.5))
    shares = [1 / rank for rank in range(1, customers + 1)]
    sizes = [1 + int((groups - customers) * share / sum(shares)) for share in shares]
    sizes[0] += groups - sum(sizes)
    ends = list(accumulate(sizes))

    # The chances of one thing: 64 bits of md5, the same in every release of DuckDB; its own hash() is not.
    connection.execute(
        f"CREATE MACRO chance(what, a, b, c) AS md5_number_lower(concat_ws('/', {int(seed)}, what, a, b, c));"
        "CREATE MACRO part(bits, number) AS ((bits >> (16 * number)) & 65535)::INTEGER;"
        "CREATE MACRO uniform(bits, number) AS part(bits, number) / 65536.0::DOUBLE;"
        # The sum of four uniform numbers is close to a normal one, never far out, and needs no mathematics library.
        "CREATE MACRO normal(bits) AS "
        "(part(bits, 0) + part(bits, 1) + part(bits, 2) + part(bits, 3) - 131070) / 37837.0::DOUBLE;"
    )
    connection.execute("CREATE TEMP TABLE customers (customer INTEGER, first_group BIGINT, end_group BIGINT)")
    connection.execute(
        "INSERT INTO customers SELECT unnest(?), unnest(?), unnest(?)",
        [list(range(1, customers + 1)), [end - size for end, size in zip(ends, sizes, strict=True)], ends],
    )
    _define_offers(connection)
    connection.execute(
        f"""
        CREATE TEMP TABLE drawn AS
        WITH places AS (
            SELECT customer, first_group + place AS group_number, place // {GROUPS_PER_ACCOUNT} AS account,
                place % {GROUPS_PER_ACCOUNT} AS turn
            FROM customers, unnest(range(end_group - first_group)) AS each(place)
        ), chances AS (
            SELECT *, chance('account', customer, account, '') AS of_account,
                chance('level', group_number, '', '') AS of_level, chance('shape', group_number, '', '') AS of_shape,
                chance('life', group_number, '', '') AS of_life
            FROM places
        ), lives AS (
            SELECT *,
                -- One group in eight begins some time after the first day, one in twenty ends before the last.
                CASE WHEN part(of_life, 0) % 8 = 0 THEN part(of_life, 1) % {days} ELSE 0 END AS first_day,
                CASE WHEN part(of_life, 2) % 20 = 0 THEN part(of_life, 3) % {days} ELSE {days} END AS wanted_end
            FROM chances
        )
        SELECT customer, group_number, account, turn, of_account, of_life, first_day,
            CASE WHEN wanted_end > first_day THEN wanted_end ELSE {days} END AS end_day,
            -- Dollars a day, around 8 for the median group, and more where the customer is large.
            exp(1.5 * normal(of_level) + 2.1) * 3 / sqrt(customer + 8) AS dollars,
            0.55 + 0.45 * uniform(of_shape, 0) AS weekend,
            0.8 * uniform(of_shape, 1) - 0.2 AS trend,
            0.03 + 0.25 * uniform(of_shape, 2) ** 2 AS noise,
            -- Lines are spread more evenly than money, so that most groups have some every day; one in twenty has few.
            CASE WHEN part(of_shape, 3) % 20 = 0 THEN 60 ELSE 600 + (400 * exp(0.9 * normal(of_level)))::BIGINT END
                AS weight
        FROM lives
        """
    )
    account = "lpad((of_account % 1000000)::VARCHAR, 6, '3') || lpad((customer * 1000 + account)::VARCHAR, 6, '0')"
    connection.execute(
        f"""
        CREATE TEMP TABLE named AS
        WITH weighted AS (
            SELECT *, weight * (end_day - first_day) AS mass FROM drawn
        ), counted AS (
            SELECT *, sum(mass) OVER (ORDER BY group_number) AS upto, sum(mass) OVER () AS whole FROM weighted
        )
        SELECT group_number, first_day, end_day, (of_life % (end_day - first_day))::BIGINT AS phase,
            dollars, weekend, trend, noise,
            -- Whole lines by rounding the running total, so that they add up to the rows asked for.
            1 + (upto * {rows - groups} // whole - (upto - mass) * {rows - groups} // whole)::BIGINT AS lines,
            lpad((chance('customer', customer, '', '') % 100000000)::VARCHAR, 8, '7')
                || lpad(customer::VARCHAR, 4, '0') AS BillingAccountId,
            {account} AS SubAccountId,
            list_value{NAMES}[1 + part(of_account, 1) % {len(NAMES)}] || ' '
                || list_value{NAMES}[1 + part(of_account, 2) % {len(NAMES)}] AS SubAccountName,
            '{{"env": "' || ['prod', 'prod', 'stage', 'dev'][1 + part(of_account, 3) % 4] || '", "team": "'
                || lower(list_value{NAMES}[1 + (part(of_account, 3) // 4 + turn) % {len(NAMES)}]) || '"}}' AS Tags,
            (of_account % 1000 + turn * 37) % (SELECT count(*) FROM offers) AS offer
        FROM counted
        """
    )
    kept = ("BillingAccountId", "SubAccountId", "SubAccountName", "Tags") if groups <= 50_000 else ()
    connection.execute(
        f"CREATE TEMP TABLE groups AS SELECT * REPLACE ({_as_enums(connection, 'named', kept)}) FROM named"
        if kept
        else "CREATE TEMP TABLE groups AS SELECT * FROM named"
    )
    connection.execute("DROP TABLE named; DROP TABLE drawn")


def _define_offers(connection: Any) -> None:
    """Make the table `offers`: each service in each region, with all that a line says about it."""
    connection.execute(
        "CREATE TEMP TABLE services (service INTEGER, ServiceName VARCHAR, ServiceCategory VARCHAR, unit VARCHAR, "
        "price BIGINT, says VARCHAR, resource_start VARCHAR)"
    )
    connection.executemany(
        "INSERT INTO services VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(number, *service) for number, service in enumerate(SERVICES)],
    )
    connection.execute("CREATE TEMP TABLE regions (region INTEGER, RegionId VARCHAR, RegionName VARCHAR)")
    connection.executemany("INSERT INTO regions VALUES (?, ?, ?)", [(n, *region) for n, region in enumerate(REGIONS)])
    connection.execute(
        f"""
        CREATE TEMP TABLE spelled AS
        WITH pairs AS (
            SELECT *, ServiceName IN {WITHOUT_REGION} AS everywhere FROM services CROSS JOIN regions
            WHERE region = 0 OR NOT everywhere
        )
        SELECT (row_number() OVER (ORDER BY region, service) - 1)::INTEGER AS offer, ServiceName, ServiceCategory,
            unit, price, CASE WHEN NOT everywhere THEN RegionId END AS RegionId,
            CASE WHEN NOT everywhere THEN RegionName END AS RegionName,
            '$' || rtrim((price / 1e6)::DECIMAL(18, 6)::VARCHAR, '0') || ' per ' || says
                || CASE WHEN everywhere THEN '' ELSE ' in ' || RegionName END AS ChargeDescription,
            resource_start,
            upper(substr(md5('sku' || ServiceName || region), 1, 16)) AS SkuId,
            service IN (0, 2, 7) AS zoned
        FROM pairs
        """
    )
    texts = ("ServiceName", "ServiceCategory", "unit", "RegionId", "RegionName", "ChargeDescription", "SkuId")
    connection.execute(
        f"CREATE TEMP TABLE offers AS SELECT * REPLACE ({_as_enums(connection, 'spelled', texts)}) FROM spelled"
    )


def _as_enums(connection: Any, table: str, columns: tuple[str, ...]) -> str:
    """Make an ENUM of each column's texts: Parquet's dictionaries are then written without looking at a text again."""
    for column in columns:
        connection.execute(
            f"CREATE TYPE {column}_text AS ENUM "
            f"(SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY 1)"
        )
    return ", ".join(f"{column}::{column}_text AS {column}" for column in columns)


def _write(connection: Any, path: Path, *, first: int, end: int) -> None:
    """Write the bills of the days from `first` up to but not including `end`, shuffled within each day."""
    words = {
        "USD": "USD", "USAGE": "Usage", "CREDIT": "Credit", "USAGE_BASED": "Usage-Based", "ONE_TIME": "One-Time",
        "STANDARD": "Standard", "OTHER": "Other", "AWS": "AWS", "ISSUER": "Amazon Web Services, Inc.",
        "COMMITTED": "Committed",
    }  # fmt: skip
    listed = ", ".join(f"'{word}'" for word in words.values())
    word = {name: f"'{text}'::word" for name, text in words.items()}
    connection.execute(f"CREATE TYPE IF NOT EXISTS word AS ENUM ({listed})")
    money = "DECIMAL(18, 10)"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE group_days AS
        WITH days AS (
            SELECT group_number, day, weekend, trend, noise, dollars,
                -- Whole lines again; the phase keeps the rare lines of small groups from all falling on the last day.
                ((day - first_day + 1) * lines + phase) // (end_day - first_day)
                    - ((day - first_day) * lines + phase) // (end_day - first_day) AS lines,
                chance('day', group_number, day, '') AS of_day, chance('spike', group_number, day, '') AS of_spike
            FROM groups, unnest(range({first}, {end})) AS each(day)
            WHERE day >= first_day AND day < end_day
        )
        SELECT group_number, day, lines, of_spike % 1000000 < {SPIKES_PER_MILLION} AS spiked,
            (1e6 * dollars * (1 + trend * day / 180) * (1 + noise * normal(of_day))
                * CASE WHEN isodow(DATE '{FIRST_DAY}' + day::INTEGER) >= 6 THEN weekend ELSE 1 END
                * CASE WHEN spiked THEN 2 + 6 * uniform(of_spike, 2) ELSE 1 END)::BIGINT AS micros
        FROM days WHERE lines > 0
        """
    )
    connection.execute(
        f"""
        COPY (
            WITH lines AS (
                SELECT group_number, day, line, spiked, chance('line', group_number, day, line) AS of_line,
                    -- Later lines of a day cost more, up to three times; together they are the day's micros exactly.
                    floor(micros * ((line + 1) / lines * (1 + (line + 1) / lines) / 2))::BIGINT
                        - floor(micros * (line / lines * (1 + line / lines) / 2))::BIGINT AS full_cost
                FROM group_days, unnest(range(lines)) AS each(line)
            ), timed AS (
                SELECT *, DATE '{FIRST_DAY}'::TIMESTAMP + INTERVAL 1 DAY * day AS midnight,
                    part(of_line, 0) % 24 AS hour, part(of_line, 1) % 12 AS resource,
                    part(of_line, 2) % 500 = 0 AS credit
                FROM lines
            ), priced AS (
                SELECT *, CASE WHEN credit THEN -(full_cost // 2) ELSE full_cost END AS cost FROM timed
            )
            SELECT
                CASE WHEN zoned AND part(of_line, 3) % 4 = 0 THEN RegionId || ['a', 'b', 'c'][1 + resource % 3] END
                    AS AvailabilityZone,
                (cost / 1e6)::{money} AS BilledCost,
                BillingAccountId,
                ''::VARCHAR AS BillingAccountName,
                {word["USD"]} AS BillingCurrency,
                date_trunc('month', midnight)::TIMESTAMP + INTERVAL 1 MONTH AS BillingPeriodEnd,
                date_trunc('month', midnight)::TIMESTAMP AS BillingPeriodStart,
                CASE WHEN credit THEN {word["CREDIT"]} ELSE {word["USAGE"]} END AS ChargeCategory,
                NULL::VARCHAR AS ChargeClass,
                ChargeDescription,
                CASE WHEN credit THEN {word["ONE_TIME"]} ELSE {word["USAGE_BASED"]} END AS ChargeFrequency,
                midnight + INTERVAL 1 HOUR * (hour + 1) AS ChargePeriodEnd,
                midnight + INTERVAL 1 HOUR * hour AS ChargePeriodStart,
                NULL::VARCHAR AS CommitmentDiscountCategory,
                NULL::VARCHAR AS CommitmentDiscountId,
                NULL::VARCHAR AS CommitmentDiscountName,
                NULL::VARCHAR AS CommitmentDiscountStatus,
                NULL::VARCHAR AS CommitmentDiscountType,
                (full_cost / price)::DECIMAL(18, 6) AS ConsumedQuantity,
                unit AS ConsumedUnit,
                (cost / 1e6)::{money} AS ContractedCost,
                (price / 1e6)::{money} AS ContractedUnitPrice,
                (cost / 1e6)::{money} AS EffectiveCost,
                {word["ISSUER"]} AS InvoiceIssuerName,
                (cost / 1e6)::{money} AS ListCost,
                (price / 1e6)::{money} AS ListUnitPrice,
                CASE WHEN credit THEN {word["OTHER"]} ELSE {word["STANDARD"]} END AS PricingCategory,
                (full_cost / price)::DECIMAL(18, 6) AS PricingQuantity,
                unit AS PricingUnit,
                {word["AWS"]} AS ProviderName,
                {word["ISSUER"]} AS PublisherName,
                RegionId,
                RegionName,
                resource_start || substr(md5(SubAccountId || resource), 1, 17) AS ResourceId,
                NULL::VARCHAR AS ResourceName,
                CASE WHEN zoned AND resource = 0 THEN 'instance' END AS ResourceType,
                ServiceCategory,
                ServiceName,
                SkuId,
                NULL::VARCHAR AS SkuPriceId,
                SubAccountId,
                SubAccountName,
                CASE WHEN resource < 6 THEN Tags END AS Tags,
                spiked AS x_InjectedAnomaly
            FROM priced JOIN groups USING (group_number) JOIN offers USING (offer)
            ORDER BY day, of_line, group_number, line
        ) TO '{str(path).replace("'", "''")}' (FORMAT parquet)
        """
    )
