-- What both variants of the job `turns` answer.
SELECT * FROM rows
