with history as (
    select * from {{ ref('segment_definition_history') }}
)

select
    segment,
    entity,
    definition,
    rule,
    status,
    cast(dbt_valid_from as date) as valid_from,
    cast(dbt_valid_to as date) as valid_to
from history
