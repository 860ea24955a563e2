-- The companies that are counted are those whose segments are judged: the base population as of the day.
{{ config(meta={'dagster': {'ref': {'name': 'company_counts'}}}) }}
with counts as (
    select * from {{ ref('company_counts') }}
),

companies as (
    select * from {{ ref('company_segments') }}
)

select
    counts.company_id as counted,
    companies.company_id as judged
from counts
full outer join companies
    on companies.company_id = counts.company_id
where counts.company_id is null
    or companies.company_id is null
