with definitions as (
    select * from {{ ref('segment_definitions') }}
),

versions as (
    select * from {{ ref('segment_versions') }}
),

first_days as (
    select
        segment,
        min(valid_from) as first_day
    from versions
    where status <> 'archived'
    group by segment
)

select
    definitions.segment,
    definitions.name,
    definitions.entity,
    definitions.description,
    definitions.owner,
    definitions.labels,
    definitions.rule,
    definitions.definition,
    definitions.status,
    definitions.hidden,
    definitions.active_by,
    first_days.first_day
from definitions
left join first_days
    on first_days.segment = definitions.segment
