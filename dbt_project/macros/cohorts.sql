{# The first day of a Python date's week or month, as a Python date; no earlier than the first of all. #}
{% macro period_start_day(grain, day) -%}
  {%- if grain == 'month' -%}
    {{ return(day.replace(day=1)) }}
  {%- endif -%}
  {%- set ordinal = day.toordinal() - (day.weekday() - week_offset()) % 7 -%}
  {{ return(modules.datetime.date.fromordinal([ordinal, 1] | max)) }}
{%- endmacro %}

{# The first day of the week or month that the as-of day leaves open: earlier ones are closed. #}
{% macro open_period_day(grain) -%}
  {{ return(period_start_day(grain, as_of_day() + modules.datetime.timedelta(days=1))) }}
{%- endmacro %}

{# The first cohort of a grain that is not settled: it is still followed, and a period has closed whose days were judged
   anew or may have got late events. None is while no such period has closed. #}
{% macro first_open_cohort_day(grain) -%}
  {%- set first = modules.datetime.date(1, 1, 1) -%}
  {%- set late = [changed_day().toordinal() - var('look_back_days') + 1, 1] | max -%}
  {%- set period = period_start_day(grain, first.fromordinal(late)) -%}
  {%- if period >= open_period_day(grain) -%}
    {{ return(modules.datetime.date(9999, 12, 31)) }}
  {%- endif -%}
  {{ return(periods_before(grain, period, var('retention_periods'))) }}
{%- endmacro %}

{# The first day of the period so many periods before; no earlier than the first of all. #}
{% macro periods_before(grain, day, periods) -%}
  {%- if grain == 'week' -%}
    {{ return(day.fromordinal([day.toordinal() - 7 * periods, 1] | max)) }}
  {%- endif -%}
  {%- set months = [day.year * 12 + day.month - 1 - periods, 12] | max -%}
  {{ return(modules.datetime.date(months // 12, months % 12 + 1, 1)) }}
{%- endmacro %}

{# Before segment_retention is filled: forget the cohorts that are not settled, and the segments whose subjects count as
   active by something else now. #}
{% macro forget_retention() -%}
  {%- if execute and is_incremental() -%}
    {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='name') | list -%}
    {%- set conditions = [] -%}
    {%- for grain in ['week', 'month'] -%}
      {%- set first = date_literal(first_open_cohort_day(grain)) -%}
      {%- do conditions.append("(cohort_grain = '" ~ grain ~ "' and cohort_start >= " ~ first ~ ")") -%}
    {%- endfor -%}
    {{ forget(conditions + [is_active_otherwise()] if 'activity' in columns else ['true']) }}
  {%- endif -%}
{%- endmacro %}

{% macro is_active_otherwise() -%}
  segment in (
    select held.segment
    from {{ this }} as held
    left join {{ ref('segment_definitions') }} as definitions
      on definitions.segment = held.segment
    where coalesce(held.activity, '') <> coalesce(definitions.activity, '')
  )
{%- endmacro %}

{# Before segment_flows is filled: forget the periods in which a day was judged anew. #}
{% macro forget_flows() -%}
  {%- set conditions = [] -%}
  {%- for grain in ['week', 'month'] -%}
    {%- set first = date_literal(period_start_day(grain, changed_day())) -%}
    {%- do conditions.append("(grain = '" ~ grain ~ "' and period_start >= " ~ first ~ ")") -%}
  {%- endfor -%}
  {{ forget(conditions) }}
{%- endmacro %}
