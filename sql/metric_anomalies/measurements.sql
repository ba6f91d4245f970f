-- One value per series and moment, from a long table of timestamp, value, series: repeated moments are averaged.
-- A value that is missing or no number stays as a gap. Labels, where there are any: `in_window`, else `label`.
WITH labelled AS (
    SELECT * FROM metrics
    -- Adds the columns of the labels where they are missing, and no row.
    UNION ALL BY NAME
    SELECT NULL::BOOLEAN AS in_window, NULL::BOOLEAN AS label WHERE false
)
SELECT
    series,
    CAST(timestamp AS TIMESTAMP) AS timestamp,
    avg(CAST(value AS DOUBLE)) FILTER (WHERE isfinite(CAST(value AS DOUBLE))) AS value,
    bool_or(CAST(coalesce(in_window, label) AS BOOLEAN)) AS in_window
FROM labelled
WHERE timestamp IS NOT NULL
GROUP BY ALL
