-- Cost of each group and day: line items of a bill in FOCUS columns, added up exactly, as decimals.
-- Lines without a date belong to no day and are left out; a cost that is missing or no number counts as nothing.
WITH bills AS (
    SELECT * FROM line_items
    -- Only generated bills say where an anomaly is; to others this adds the column, and no row.
    UNION ALL BY NAME
    SELECT NULL::BOOLEAN AS x_InjectedAnomaly WHERE false
), daily AS (
    SELECT
        BillingAccountId AS customer,
        SubAccountId AS account,
        ServiceName AS service,
        RegionId AS region,
        CAST(ChargePeriodStart AS DATE) AS day,
        -- Bills go down to 4e-10 dollars a line.
        CAST(coalesce(sum(TRY_CAST(BilledCost AS DECIMAL(18, 10))), 0) AS DOUBLE) AS cost,
        bool_or(x_InjectedAnomaly) AS injected
    FROM bills
    GROUP BY ALL
)
SELECT *, (SELECT max(day) FROM daily) AS last_day
FROM daily
WHERE day IS NOT NULL
