-- One row per person and change of role, plan or subscription.
create temp table sample_plan_changes as
with users as (
    select
        *,
        draw(person_no, 'first plan') as first_draw,
        case when draw(person_no, 'trial days') < 0.7 then 14 else 30 end as trial_days,
        pick(draw(person_no, 'target plan'), ['starter', 'starter', 'starter', 'pro', 'pro', 'pro', 'pro', 'pro', 'enterprise'])
            as target
    from sample_people
    where user_day is not null
),

began as (
    select
        person_no,
        0 as step,
        user_day as day,
        created_second as second,
        case when first_draw < 0.45 then 'free' when first_draw < 0.85 then target else 'starter' end as plan,
        case when first_draw < 0.45 then 'none' when first_draw < 0.85 then 'trialing' else 'active' end as status,
        case when first_draw >= 0.45 and first_draw < 0.85 then moment(user_day + trial_days, created_second) end
            as trial_ends_at,
        case when first_draw < 0.45 then null when first_draw < 0.85 then 'trial_started' else 'upgraded' end as event_name
    from users
),

decided as (
    select
        person_no,
        1 as step,
        user_day + trial_days as day,
        created_second as second,
        case when draw(person_no, 'buys') < 0.55 then target else 'free' end as plan,
        case when draw(person_no, 'buys') < 0.55 then 'active' else 'none' end as status,
        moment(user_day + trial_days, created_second) as trial_ends_at,
        case when draw(person_no, 'buys') < 0.55 then 'upgraded' else 'trial_expired' end as event_name
    from users
    where first_draw >= 0.45 and first_draw < 0.85

    union all

    select
        person_no,
        1 as step,
        user_day + 5 + floor(draw(person_no, 'waits') * 220)::bigint as day,
        (8 + 12 * draw(person_no, 'buying time')) * 3600 as second,
        target as plan,
        'active' as status,
        null as trial_ends_at,
        'upgraded' as event_name
    from users
    where first_draw < 0.45 and draw(person_no, 'buys') < 0.3
),

paying as (
    select * from began where status = 'active'
    union all
    select * from decided where status = 'active'
),

turned as (
    select
        person_no,
        2 as step,
        day + 20 + floor(draw(person_no, 'stays') * 260)::bigint as day,
        (8 + 12 * draw(person_no, 'turning time')) * 3600 as second,
        case
            when draw(person_no, 'turns') < 0.3 then 'free'
            when draw(person_no, 'turns') < 0.45 then plan
            when plan = 'starter' then 'pro'
            else 'enterprise'
        end as plan,
        case
            when draw(person_no, 'turns') < 0.3 then 'canceled'
            when draw(person_no, 'turns') < 0.45 then 'past_due'
            else 'active'
        end as status,
        trial_ends_at,
        case
            when draw(person_no, 'turns') < 0.3 then 'subscription_canceled'
            when draw(person_no, 'turns') < 0.45 then 'payment_failed'
            else 'upgraded'
        end as event_name
    from paying
    where draw(person_no, 'turns') < case when plan = 'enterprise' then 0.45 else 0.65 end
),

settled as (
    select
        person_no,
        3 as step,
        day + 15 as day,
        second,
        case when draw(person_no, 'settles') < 0.6 then plan else 'free' end as plan,
        case when draw(person_no, 'settles') < 0.6 then 'active' else 'canceled' end as status,
        trial_ends_at,
        case when draw(person_no, 'settles') < 0.6 then null else 'subscription_canceled' end as event_name
    from turned
    where status = 'past_due'

    union all

    select
        person_no,
        3 as step,
        day + 30 + floor(draw(person_no, 'regret') * 60)::bigint as day,
        second,
        'starter' as plan,
        'active' as status,
        trial_ends_at,
        'upgraded' as event_name
    from turned
    where status = 'canceled' and draw(person_no, 'settles') < 0.2
)

select *, moment(day, second) as changed_at
from (from began union all from decided union all from turned union all from settled)
where day <= 364;
