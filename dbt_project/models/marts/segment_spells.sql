with spells as (
    select * from {{ ref('entity_spells') }}
)

select
    entity,
    segment,
    subject_key,
    entered_on,
    exited_on,
    entry_reason,
    exit_reason,
    entry_observed
from spells
