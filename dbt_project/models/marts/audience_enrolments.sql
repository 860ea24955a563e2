with members as (
    select * from {{ ref('audience_members') }}
),

in_order as (
    select
        *,
        coalesce(first_variant, '') as branch,
        row_number() over (
            partition by audience, subject_key
            order by first_sent_on, is_held_out, destination
        ) as place
    from members
),

first as (
    select * from in_order
    where place = 1
)

select
    first.audience,
    first.subject_key,
    nullif(first.branch, '') as variant,
    first.first_sent_on as enrolled_on,
    min(case when in_order.branch <> first.branch then in_order.first_sent_on else in_order.switched_on end) as switched_on,
    case
        when count(case when in_order.branch = first.branch then in_order.place end)
            = count(case when in_order.branch = first.branch then in_order.removed_on end)
            then max(case when in_order.branch = first.branch then in_order.removed_on end)
    end as left_on
from first
inner join in_order
    on in_order.audience = first.audience
    and in_order.subject_key = first.subject_key
group by
    first.audience,
    first.subject_key,
    first.branch,
    first.first_sent_on
