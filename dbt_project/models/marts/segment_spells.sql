with spells as (
    select * from {{ ref('entity_spells') }}
),

reconstructed as (
    select * from {{ reconstructed() }}
)

select
    spells.entity,
    spells.segment,
    spells.subject_key,
    spells.entered_on,
    spells.exited_on,
    spells.entry_reason,
    spells.exit_reason,
    spells.entry_observed,
    {{ basis('entry_days') }} as entry_basis,
    case when spells.exited_on is not null then {{ basis('exit_days') }} end as exit_basis
from spells
left join reconstructed as entry_days
    on entry_days.as_of_date = spells.entered_on
    and entry_days.segment = spells.segment
left join reconstructed as exit_days
    on exit_days.as_of_date = spells.exited_on
    and exit_days.segment = spells.segment
