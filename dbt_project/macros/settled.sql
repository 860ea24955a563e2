{# What an incremental mart keeps from run to run. Days are Python's here: they are known before a query runs. #}

{# The first day that was judged anew, as a Python date; the first of all where a mart is made from nothing. #}
{% macro changed_day() -%}
  {%- set changed = var('changed_from', '0001-01-01') if is_incremental() else '0001-01-01' -%}
  {{ return(modules.datetime.date.fromisoformat(changed | string)) }}
{%- endmacro %}

{% macro as_of_day() -%}
  {{ return(modules.datetime.date.fromisoformat(var('as_of') | string)) }}
{%- endmacro %}

{# A Python date as SQL. #}
{% macro date_literal(day) -%}
  cast('{{ day.isoformat() }}' as date)
{%- endmacro %}

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

{# Before an incremental mart is filled: forget the rows that are not settled. #}
{% macro forget(conditions) -%}
  {{ refuse_past_day() }}
  {%- if execute and is_incremental() -%}
    delete from {{ this }} where {{ conditions | join(' or ') }}
  {%- endif -%}
{%- endmacro %}
