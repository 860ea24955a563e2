-- One row per person and day on which they came by, in 2017.
create temp table sample_sessions as
with visits as (
    select
        person_no,
        engagement,
        greatest(created_day, 0) as first_day,
        quiet_day as last_day,
        case
            when user_day is null and draw(person_no, 'never came') < 0.35 then 0
            else 1 + floor(engagement * engagement * 50 * (quiet_day - greatest(created_day, 0) + 1) / 365)::bigint
        end as visits
    from sample_people
    where quiet_day >= greatest(created_day, 0)

    union all

    select
        person_no,
        engagement,
        greatest(revival_day, 0) as first_day,
        364 as last_day,
        1 + floor(engagement * 6)::bigint as visits
    from sample_people
    where revival_day is not null
),

days as (
    select distinct
        person_no,
        first_day + floor(draw(person_no * 1024 + visit + first_day * 7, 'visit') * (last_day - first_day + 1))::bigint as day
    from visits, unnest(range(visits)) as numbers (visit)
)

select
    person_no,
    day,
    person_no * 1024 + day + 512 as session_no,
    (8 + 12 * draw(person_no * 1024 + day, 'visit time')) * 3600 as second
from days
inner join sample_people using (person_no)
where
    (away_day is null or day < away_day or day >= back_day)
    and moment(day, second) > created_at;

-- One row per event.
create temp table sample_events as
with visited as (
    select
        person_no,
        day,
        session_no,
        second,
        unnest(range(1 + floor(draw(session_no, 'events') * 4)::bigint)) as step
    from sample_sessions
),

named as (
    select
        session_no * 16 + step as event_id,
        person_no,
        day,
        moment(day, second + step * 400 + floor(draw(session_no * 16 + step, 'pause') * 300)) as occurred_at,
        case when step = 0 then 'logged_in' else pick(draw(session_no * 16 + step, 'event'), [
            'app_opened', 'app_opened', 'app_opened', 'app_opened', 'report_created', 'report_created', 'report_created',
            'report_created', 'photo_uploaded', 'photo_uploaded', 'photo_uploaded', 'file_exported', 'file_exported',
            'pricing_viewed', 'pricing_viewed', 'pricing_viewed', 'invite_sent', 'help_viewed', 'checkout_started', 'checkout_started'
        ]) end as event_name,
        null::varchar as plan,
        null::decimal(18, 2) as price
    from visited

    union all

    select
        (person_no * 1024 + day + 512) * 16 + 8 + step as event_id,
        person_no,
        day,
        changed_at as occurred_at,
        event_name,
        plan,
        case when event_name = 'upgraded'
            then case plan when 'starter' then 180 when 'pro' then 588 else 2388 end
        end as price
    from sample_plan_changes
    inner join sample_people using (person_no)
    where event_name is not null and (away_day is null or day < away_day or day >= back_day)

    union all

    select
        (person_no * 1024 + user_day + 512) * 16 + 15 as event_id,
        person_no,
        user_day as day,
        moment(user_day, created_second) as occurred_at,
        'signed_up' as event_name,
        null as plan,
        null as price
    from sample_people
    where user_day is not null and (away_day is null or user_day < away_day or user_day >= back_day)
)

select
    event_id,
    person_no,
    day,
    event_name,
    occurred_at,
    pick(draw(event_id, 'device'), ['web', 'web', 'web', 'ios', 'android']) as device,
    case when event_name in ('report_created', 'file_exported')
        then pick(draw(event_id, 'format'), ['pdf', 'pdf', 'csv', 'xlsx'])
    end as format,
    case
        when event_name = 'upgraded' then price
        when event_name = 'checkout_started'
            then (9 + floor(draw(event_id, 'amount') * draw(event_id, 'amount') * draw(event_id, 'amount') * 49000) / 100)::decimal(18, 2)
    end as amount,
    case when event_name = 'photo_uploaded' then 1 + floor(draw(event_id, 'quantity') * 40)::integer end as quantity,
    plan
from named;

create table raw_saas.events as
select
    event_id,
    person_id,
    event_name,
    occurred_at,
    device,
    format,
    amount,
    quantity,
    plan
from sample_events
inner join sample_people using (person_no)
order by event_id;

-- One row per order: finished checkouts and upgrades.
create table raw_saas.orders as
select
    'o' || event_id as order_id,
    person_id,
    occurred_at + to_seconds(90 + floor(draw(event_id, 'typing') * 200)::bigint) as ordered_at,
    amount,
    1 + floor(draw(event_id, 'items') * 4)::integer as items,
    case when event_name = 'upgraded' then 'subscription' else 'shop' end as kind,
    case
        when event_name = 'upgraded' then 'paid'
        else pick(draw(event_id, 'order status'), ['paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'refunded', 'pending'])
    end as status
from sample_events
inner join sample_people using (person_no)
where event_name = 'upgraded' or (event_name = 'checkout_started' and draw(event_id, 'finishes') < 0.55)
order by event_id;
