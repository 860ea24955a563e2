with transitions as (
    select * from {{ ref('entity_transitions') }}
)

select
    as_of_date,
    entity,
    segment,
    subject_key,
    transition,
    reason
from transitions
