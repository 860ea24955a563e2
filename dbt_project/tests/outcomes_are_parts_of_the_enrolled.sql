-- Whoever did something is among those who did what comes before it, and intervals hold what they are of.
{{ config(meta={'dagster': {'ref': {'name': 'audience_outcomes'}}}) }}
select *
from {{ ref('audience_outcomes') }}
where
    enrolled < 1
    or sent > enrolled
    or delivered > sent
    or opened > coalesce(delivered, sent)
    or clicked > coalesce(opened, delivered, sent)
    or reached_goal > enrolled
    or left_audience > enrolled
    or switched > enrolled
    or goal_rate not between goal_rate_low and goal_rate_high
    or lift not between lift_low and lift_high
