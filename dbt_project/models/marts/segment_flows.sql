{%- set grains = ['week', 'month'] %}
with spells as (
    select * from {{ ref('segment_spells') }}
),

counts as (
    select * from {{ ref('segment_counts_daily') }}
),

-- the closed periods that are not settled yet, of segments that were judged at the end of the period before as well
periods as (
    {%- for grain in grains %}
    select
        ends.entity,
        ends.segment,
        '{{ grain }}' as grain,
        {{ period_start(grain, 'ends.as_of_date') }} as period_start,
        ends.as_of_date as period_end
    from counts as ends
    inner join counts as ends_before
        on ends_before.entity = ends.entity
        and ends_before.segment = ends.segment
        and ends_before.as_of_date = {{ days_before(period_start(grain, 'ends.as_of_date'), 1) }}
    where ends.as_of_date >= {{ date_literal(period_start_day(grain, changed_day())) }}
        and {{ period_start(grain, days_before('ends.as_of_date', -1)) }} = {{ days_before('ends.as_of_date', -1) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- a stay that began before a period and ended in it, or began in it and lasted to its end
moves as (
    {%- for grain in grains %}
    {%- set first_day = date_literal(period_start_day(grain, changed_day())) %}
    {%- set open_day = date_literal(open_period_day(grain)) %}
    select
        entity,
        segment,
        subject_key,
        '{{ grain }}' as grain,
        {{ period_start(grain, 'exited_on') }} as period_start,
        'left' as move,
        exit_reason as reason
    from spells
    where exited_on >= {{ first_day }}
        and exited_on < {{ open_day }}
        and entered_on < {{ period_start(grain, 'exited_on') }}
    union all
    select
        entity,
        segment,
        subject_key,
        '{{ grain }}' as grain,
        {{ period_start(grain, 'entered_on') }} as period_start,
        'joined' as move,
        entry_reason as reason
    from spells
    where entered_on >= {{ first_day }}
        and entered_on < {{ open_day }}
        and (exited_on is null or {{ period_start(grain, 'exited_on') }} > {{ period_start(grain, 'entered_on') }})
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- who left and joined again was in at both ends
changes as (
    select
        entity,
        segment,
        subject_key,
        grain,
        period_start,
        max(move) as move,
        max(case when reason in ('definition', 'archived') then 1 else 0 end) as is_by_definition
    from moves
    group by entity, segment, subject_key, grain, period_start
    having count(*) = 1
),

judged_changes as (
    select
        changes.*,
        periods.period_end
    from changes
    inner join periods
        on periods.entity = changes.entity
        and periods.segment = changes.segment
        and periods.grain = changes.grain
        and periods.period_start = changes.period_start
),

leavers as (
    select * from judged_changes where move = 'left'
),

joiners as (
    select * from judged_changes where move = 'joined'
)

select
    coalesce(leavers.entity, joiners.entity) as entity,
    leavers.segment as from_segment,
    joiners.segment as to_segment,
    coalesce(leavers.grain, joiners.grain) as grain,
    coalesce(leavers.period_start, joiners.period_start) as period_start,
    coalesce(leavers.period_end, joiners.period_end) as period_end,
    count(*) as subjects,
    cast(
        sum(greatest(coalesce(leavers.is_by_definition, 0), coalesce(joiners.is_by_definition, 0))) as bigint
    ) as by_definition
from leavers
full outer join joiners
    on joiners.entity = leavers.entity
    and joiners.subject_key = leavers.subject_key
    and joiners.grain = leavers.grain
    and joiners.period_start = leavers.period_start
group by 1, 2, 3, 4, 5, 6
