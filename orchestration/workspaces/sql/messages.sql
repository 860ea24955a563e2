-- One row per message sent to a person.
create table raw_saas.messages as
with planned as (
    select
        people.*,
        person_no * 32 + place as message_no,
        greatest(created_day, 0) + floor(draw(person_no * 32 + place, 'message day') * 365)::bigint as day,
        (8 + 10 * draw(person_no * 32 + place, 'message time')) * 3600 as second
    from sample_people as people, unnest(range(floor(draw(person_no, 'messages') * 14)::bigint)) as places (place)
),

sent as (
    select
        *,
        moment(day, second) as sent_at
    from planned
    where
        day <= 364
        and moment(day, second) > created_at
        and (away_day is null or day < away_day or day >= back_day)
),

delivered as (
    select
        *,
        case when draw(message_no, 'delivered') < 0.95
            then sent_at + to_seconds(2 + floor(draw(message_no, 'transport') * 60)::bigint)
        end as delivered_at
    from sent
),

opened as (
    select
        *,
        case when draw(message_no, 'opened') < 0.2 + 0.4 * engagement
            then delivered_at + to_seconds(60 + floor(draw(message_no, 'opening') * 40000)::bigint)
        end as opened_at
    from delivered
)

select
    'm' || message_no as message_id,
    person_id,
    pick(draw(message_no, 'kind'), ['newsletter', 'newsletter', 'newsletter', 'product_update', 'product_update', 'tips', 'offer']) as kind,
    pick(draw(message_no, 'message channel'), ['email', 'email', 'email', 'push', 'in_app']) as channel,
    sent_at,
    delivered_at,
    opened_at,
    case when draw(message_no, 'clicked') < 0.3
        then opened_at + to_seconds(5 + floor(draw(message_no, 'clicking') * 300)::bigint)
    end as clicked_at
from opened
order by message_no;
