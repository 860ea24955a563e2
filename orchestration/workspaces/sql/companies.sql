-- One row per company: everything that is drawn once.
create temp table sample_companies as
select
    n as company_no,
    'c' || lpad(n::varchar, 7, '0') as company_id,
    case
        when draw(n, 'company era') < 0.6 then -1 - floor(draw(n, 'company created') * 700)::bigint
        else floor(draw(n, 'company created') * 355)::bigint
    end as created_day,
    (8 + 10 * draw(n, 'company time')) * 3600 as second,
    pick(draw(n, 'company plan'), ['free', 'free', 'free', 'starter', 'starter', 'pro', 'pro', 'enterprise']) as plan,
    (3 + floor(1200 * draw(n, 'staff') * draw(n, 'staff') * draw(n, 'staff') * draw(n, 'staff')))::integer as employee_count
from range(1, getvariable('sample_companies') + 1) as numbers (n);

-- One row per company and instant at which anything about it changed; null means unchanged.
create temp table sample_company_changes as
with moved as (
    select
        company_no,
        moment(created_day + 15 + floor(draw(company_no, 'company moves') * 330)::bigint, second) as changed_at,
        case
            when draw(company_no, 'company step') < 0.2 then pick(draw(company_no, 'company upgrade'), ['pro', 'pro', 'enterprise'])
            else 'free'
        end as plan
    from sample_companies
    where draw(company_no, 'company step') < 0.3
),

archived as (
    select
        company_no,
        moment(greatest(created_day, -60) + 5 + floor(draw(company_no, 'archive day') * 400)::bigint, 72000) as changed_at
    from sample_companies
    where draw(company_no, 'archived') < 0.12
),

renewed as (
    select
        company_no,
        moment(created_day + 365 * term, second) as changed_at,
        moment(created_day + 365 * (term + 1), second) as renews_at
    from sample_companies, unnest(range(1, 4)) as terms (term)
),

tagged as (
    select
        company_no,
        moment(greatest(created_day, -60) + 1 + floor(draw(company_no, 'company tag day') * 400)::bigint, 65000) as changed_at,
        pick(draw(company_no, 'company tags'), [['Strategic'], ['Named account'], ['Partner'], ['Named account', 'Strategic'], ['VIP']]) as tags
    from sample_companies
    where draw(company_no, 'company tagged') < 0.15
),

changes as (
    select
        company_no, moment(created_day, second) as changed_at, plan, null::boolean as archived,
        moment(created_day + 365, second) as renews_at, null::varchar[] as tags
    from sample_companies
    union all
    select company_no, changed_at, plan, null, null, null from moved
    union all
    select company_no, changed_at, null, true, null, null from archived
    union all
    select company_no, changed_at, null, null, renews_at, null from renewed
    union all
    select company_no, changed_at, null, null, null, tags from tagged
)

select
    company_no,
    changed_at,
    any_value(plan) as plan,
    any_value(archived) as archived,
    max(renews_at) as renews_at,
    any_value(tags) as tags
from changes
where changed_at < moment(365, 0)
group by company_no, changed_at;

-- One row per company and stretch of time in which nothing about it changed.
create table raw_saas.companies as
with carried as (
    select
        company_no,
        changed_at as valid_from,
        lead(changed_at) over later as valid_to,
        last_value(plan ignore nulls) over so_far as plan,
        coalesce(last_value(archived ignore nulls) over so_far, false) as archived,
        last_value(renews_at ignore nulls) over so_far as renews_at,
        coalesce(last_value(tags ignore nulls) over so_far, []) as tags
    from sample_company_changes
    window
        later as (partition by company_no order by changed_at),
        so_far as (partition by company_no order by changed_at rows between unbounded preceding and current row)
)

select
    companies.company_id,
    carried.valid_from,
    carried.valid_to,
    'Company ' || company_no as name,
    'company-' || company_no || '.example' as domain,
    pick(draw(company_no, 'industry'), ['Software', 'Retail', 'Health', 'Education', 'Manufacturing', 'Media', null]) as industry,
    pick(draw(company_no, 'company country'), ['US', 'US', 'US', 'GB', 'DE', 'FR', 'IE', 'NO', 'BR']) as country,
    carried.plan,
    companies.employee_count,
    case carried.plan
        when 'free' then 0
        when 'starter' then 15 * (1 + companies.employee_count // 20)
        when 'pro' then 49 * (1 + companies.employee_count // 10)
        else 199 * (1 + companies.employee_count // 10)
    end::decimal(18, 2) as monthly_spend,
    moment(companies.created_day, companies.second) as created_at,
    carried.renews_at,
    carried.archived,
    carried.tags
from carried
inner join sample_companies as companies using (company_no)
order by companies.company_id, carried.valid_from;

-- One row per person and company they belong to. The last twelfth of the companies has nobody.
create temp table sample_company_people as
select distinct
    person_no,
    1 + floor(
        draw(person_no * 4 + place, 'company') * (0.5 + draw(person_no * 4 + place, 'company'))
        * getvariable('sample_companies') * 0.61
    )::bigint as company_no
from
    sample_people,
    unnest(range(case
        when draw(person_no, 'companies') < 0.25 then 0
        when draw(person_no, 'companies') < 0.9 then 1
        when draw(person_no, 'companies') < 0.97 then 2
        else 3
    end)) as places (place)
where getvariable('sample_companies') > 0;

create table raw_saas.company_people as
select
    people.person_id,
    companies.company_id
from sample_company_people
inner join sample_people as people using (person_no)
inner join sample_companies as companies using (company_no)
order by people.person_id, companies.company_id;

-- One row per deal of a company, with the attached person it is talked over with, if any.
create table raw_saas.deals as
with contacts as (
    select company_no, min(person_no) as person_no from sample_company_people group by company_no
),

opened as (
    select
        company_no,
        company_no * 8 + place as deal_no,
        greatest(created_day, 0) + floor(draw(company_no * 8 + place, 'deal opened') * 365)::bigint as day,
        (8 + 10 * draw(company_no * 8 + place, 'deal time')) * 3600 as second,
        20 + floor(draw(company_no * 8 + place, 'deal takes') * 100)::bigint as days_open
    from sample_companies, unnest(range(floor(draw(company_no, 'deals') * 4)::bigint)) as places (place)
),

ended as (
    select
        *,
        case when day + days_open <= 364 and draw(deal_no, 'deal ends') < 0.8 then moment(day + days_open, second) end as closed_at
    from opened
    where day <= 364
)

select
    'd' || deal_no as deal_id,
    companies.company_id,
    people.person_id,
    moment(day, ended.second) as created_at,
    moment(day + days_open, ended.second) as expected_close_at,
    closed_at,
    case when closed_at is null then 'open' when draw(deal_no, 'deal won') < 0.45 then 'won' else 'lost' end as stage,
    (500 + floor(draw(deal_no, 'deal amount') * draw(deal_no, 'deal amount') * 4000000) / 100)::decimal(18, 2) as amount
from ended
inner join sample_companies as companies using (company_no)
left join contacts using (company_no)
left join sample_people as people using (person_no)
order by deal_no;
