-- Cost per customer, service and day.
SELECT customer, service, day, sum(cost) AS cost
FROM sales
GROUP BY customer, service, day
