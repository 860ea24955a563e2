with days as (
    {{ each_day_since(ref('segment_versions'), 'valid_from') }}
)

select
    as_of_date as day,
    {{ period_start('week', 'as_of_date') }} as week_start,
    {{ period_start('month', 'as_of_date') }} as month_start
from days
