create temp table sample_talks as
with started as (
    select
        person_no,
        person_no * 16 + place as talk_no,
        greatest(created_day, 0) + floor(draw(person_no * 16 + place, 'talk day') * 365)::bigint as day,
        (8 + 10 * draw(person_no * 16 + place, 'talk time')) * 3600 as second
    from sample_people, unnest(range(floor(draw(person_no, 'talks') * draw(person_no, 'talks') * 5)::bigint)) as places (place)
),

homes as (
    select person_no, min(company_no) as company_no from sample_company_people group by person_no
)

select
    started.*,
    people.person_id,
    companies.company_id
from started
inner join sample_people as people using (person_no)
left join homes using (person_no)
left join sample_companies as companies using (company_no)
where
    started.day <= 364
    and moment(started.day, started.second) > people.created_at
    and (people.away_day is null or started.day < people.away_day or started.day >= people.back_day);

-- One row per conversation.
create table raw_saas.conversations as
select
    'v' || talk_no as conversation_id,
    person_id,
    company_id,
    moment(day, second) as started_at,
    case when draw(talk_no, 'talk closes') < 0.85 then moment(day, second) + to_hours(1 + floor(draw(talk_no, 'talk takes') * 90)::bigint) end
        as closed_at,
    case
        when draw(talk_no, 'talk closes') < 0.85 then 'closed'
        when draw(talk_no, 'talk closes') < 0.9 then 'snoozed'
        else 'open'
    end as state,
    pick(draw(talk_no, 'talk channel'), ['chat', 'chat', 'email', 'social']) as channel,
    case when draw(talk_no, 'rates') < 0.4 then pick(draw(talk_no, 'rating'), [1, 2, 3, 4, 4, 5, 5, 5]) end as rating,
    1 + floor(draw(talk_no, 'reply') * draw(talk_no, 'reply') * 600)::integer as first_reply_minutes,
    pick(
        draw(talk_no, 'talk tags'),
        [[], [], [], ['Bug'], ['Billing'], ['Feature request'], ['Bug', 'Urgent'], ['Billing', 'Refund'], ['Feedback'], []]
    )::varchar[] as tags
from sample_talks
order by talk_no;

-- One row per ticket; every ticket grew out of a conversation.
create table raw_saas.tickets as
select
    't' || talk_no as ticket_id,
    person_id,
    company_id,
    'v' || talk_no as conversation_id,
    moment(day, second) + interval 5 minutes as created_at,
    case when draw(talk_no, 'ticket closes') < 0.75
        then moment(day, second) + to_hours(2 + floor(draw(talk_no, 'ticket takes') * 400)::bigint)
    end as resolved_at,
    case
        when draw(talk_no, 'ticket closes') < 0.75 then 'resolved'
        when draw(talk_no, 'ticket closes') < 0.85 then 'waiting'
        else 'open'
    end as status,
    pick(draw(talk_no, 'priority'), ['low', 'normal', 'normal', 'normal', 'high', 'urgent']) as priority,
    pick(draw(talk_no, 'category'), ['bug', 'billing', 'question', 'question', 'account']) as category
from sample_talks
where draw(talk_no, 'ticket') < 0.4
order by talk_no;
