with metrics as (
    select * from {{ ref('entity_metrics_daily') }}
)

select
    as_of_date,
    entity,
    segment,
    metric,
    known_values,
    mean,
    median,
    sum
from metrics
