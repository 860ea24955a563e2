-- One row per person: everything that is drawn once. Days count from 2017-01-01; day 364 is the last.
create temp table sample_people as
with born as (
    select
        n as person_no,
        'p' || lpad(n::varchar, 7, '0') as person_id,
        case
            when draw(n, 'era') < 0.4 then -1 - floor(draw(n, 'created') * 366)::bigint
            else floor(draw(n, 'created') * 365)::bigint
        end as created_day,
        (7 + 14 * draw(n, 'created time')) * 3600 as created_second,
        draw(n, 'lead') < 0.22 as began_as_lead
    from range(1, getvariable('sample_people') + 1) as numbers (n)
),

grown as (
    select
        *,
        case
            when not began_as_lead then created_day
            when draw(person_no, 'converts') < 0.4 then created_day + 3 + floor(draw(person_no, 'conversion') * 60)::bigint
        end as user_day,
        case
            when draw(person_no, 'leaves') < 0.25 then created_day + 1 + floor(draw(person_no, 'life') * 45)::bigint
            when draw(person_no, 'leaves') < 0.45 then created_day + 30 + floor(draw(person_no, 'life') * 200)::bigint
            else 364
        end as quiet_day,
        case
            when draw(person_no, 'deleted') < 0.035
                then greatest(created_day + 5, 0) + floor(draw(person_no, 'deletion') * 330)::bigint
        end as away_day
    from born
)

select
    person_no,
    person_id,
    created_day,
    created_second,
    began_as_lead,
    case when user_day <= 364 then user_day end as user_day,
    least(quiet_day, 364) as quiet_day,
    case when draw(person_no, 'revives') < 0.1 and quiet_day < 300 then quiet_day + 35 end as revival_day,
    case when away_day <= 364 then away_day end as away_day,
    -- A third of the deleted return; who does not, returns after the end of time.
    case
        when away_day > 364 or away_day is null then null
        when draw(person_no, 'returns') < 0.35 then away_day + 10 + floor(draw(person_no, 'return') * 45)::bigint
        else 100000
    end as back_day,
    draw(person_no, 'engagement') as engagement,
    moment(created_day, created_second) as created_at
from grown;
