with members as (
    select * from {{ ledger('members') }}
    where first_sent_on <= {{ as_of() }}
),

holdouts as (
    select * from {{ ledger('holdouts') }}
    where first_held_out_on <= {{ as_of() }}
)

select
    audience,
    destination,
    subject_key,
    nullif(variant, '') as variant,
    nullif(coalesce(first_variant, variant), '') as first_variant,
    case when switched_on <= {{ as_of() }} then switched_on end as switched_on,
    false as is_held_out,
    first_sent_on,
    case when last_sent_on <= {{ as_of() }} then last_sent_on end as last_sent_on,
    case when removed_on <= {{ as_of() }} then removed_on end as removed_on
from members
union all
select
    audience,
    destination,
    subject_key,
    'holdout' as variant,
    'holdout' as first_variant,
    cast(null as date) as switched_on,
    true as is_held_out,
    first_held_out_on as first_sent_on,
    cast(null as date) as last_sent_on,
    case when left_on <= {{ as_of() }} then left_on end as removed_on
from holdouts
