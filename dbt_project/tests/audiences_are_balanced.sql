-- The variants of a split are as large as their shares let expect; if not, what they are compared by may be biased.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'audience_outcomes'}}}) }}
select distinct
    audience,
    variant
from {{ ref('audience_outcomes') }}
where not balanced
