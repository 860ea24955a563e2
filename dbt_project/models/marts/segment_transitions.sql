with transitions as (
    select * from {{ ref('entity_transitions') }}
),

reconstructed as (
    select * from {{ reconstructed() }}
)

select
    transitions.as_of_date,
    transitions.entity,
    transitions.segment,
    transitions.subject_key,
    transitions.transition,
    transitions.reason,
    {{ basis('reconstructed') }} as basis
from transitions
left join reconstructed
    on reconstructed.as_of_date = transitions.as_of_date
    and reconstructed.segment = transitions.segment
