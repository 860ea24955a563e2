with waterfalls as (
    select * from {{ ref('entity_waterfall') }}
)

select
    as_of_date,
    entity,
    segment,
    step,
    condition,
    passing_alone,
    passing,
    lost
from waterfalls
