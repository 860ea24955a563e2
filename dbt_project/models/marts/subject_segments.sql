with spells as (
    select * from {{ ref('segment_spells') }}
)

select
    entity,
    subject_key,
    segment,
    entered_on as since
from spells
where exited_on is null
