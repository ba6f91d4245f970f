-- Rows per customer, service and day.
SELECT customer, service, day, count(*) AS sold
FROM sales
GROUP BY customer, service, day
