with history as (
    select * from {{ ref('segment_definition_history') }}
),

definitions as (
    select * from {{ kept_definitions() }}
),

edits as (
    select * from {{ edits() }}
)

select
    history.segment,
    history.entity,
    history.definition,
    history.rule,
    history.status,
    cast(history.dbt_valid_from as date) as valid_from,
    cast(history.dbt_valid_to as date) as valid_to,
    definitions.query,
    edits.told_apart
from history
left join definitions
    on definitions.segment = history.segment
    and definitions.definition = history.definition
left join edits
    on edits.segment = history.segment
    and edits.as_of_date = cast(history.dbt_valid_from as date)
