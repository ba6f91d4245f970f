-- Daily costs of each group in one row: days and costs as two lists, in no order, for code that takes many groups at once.
-- Writes a tenth of what one row per group and day would, and repeats no key. Rules as in daily_cost.sql.
WITH bills AS (
    SELECT * FROM line_items
    UNION ALL BY NAME
    SELECT NULL::BOOLEAN AS x_InjectedAnomaly WHERE false
), daily AS (
    SELECT
        BillingAccountId AS customer,
        SubAccountId AS account,
        ServiceName AS service,
        RegionId AS region,
        CAST(ChargePeriodStart AS DATE) AS day,
        CAST(coalesce(sum(TRY_CAST(BilledCost AS DECIMAL(18, 10))), 0) AS DOUBLE) AS cost,
        bool_or(x_InjectedAnomaly) AS injected
    FROM bills
    GROUP BY ALL
)
SELECT
    customer,
    account,
    service,
    region,
    list(day) AS days,
    list(cost) AS costs,
    -- Missing where nobody knows, empty where there is none.
    coalesce(list(day) FILTER (WHERE injected), CASE WHEN count(injected) > 0 THEN [] END) AS injected_days,
    (SELECT max(day) FROM daily) AS last_day
FROM daily
WHERE day IS NOT NULL
GROUP BY ALL
