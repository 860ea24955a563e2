{# The first day that was judged anew since what is made of the history was last built: rows that earlier days settled
   stay. Without a word from the run it is the first day that the history holds in full; where nothing was built yet, the
   first of all. #}
{% macro changed_from() -%}
  {%- if var('changed_from', none) and is_incremental() -%}
    cast('{{ var("changed_from") }}' as date)
  {%- elif var('history_days', 0) and is_incremental() -%}
    {{ days_before(as_of(), var('history_days')) }}
  {%- else -%}
    cast('0001-01-01' as date)
  {%- endif -%}
{%- endmacro %}

{# Before rows are made anew: forget those that began since, and open those that ended since. #}
{% macro forget_since(column) -%}
  {{ refuse_past_day() }}
  {%- if execute and is_incremental() -%}
    delete from {{ this }} where {{ column }} >= {{ changed_from() }}
  {%- endif -%}
{%- endmacro %}

{% macro reopen_since(column, told=[]) -%}
  {%- if execute and is_incremental() -%}
    update {{ this }}
    set {{ column }} = null {%- for each in told %}, {{ each }} = null {%- endfor %}
    where {{ column }} >= {{ changed_from() }}
  {%- endif -%}
{%- endmacro %}

{# The stays that go on from before the first changed day, as they were built so far; `stays` has the same columns. #}
{% macro lasting(stays, column) -%}
  {%- if is_incremental() -%}
    select * from {{ this }} where {{ column }} is null
  {%- else -%}
    select * from {{ stays }} where false
  {%- endif -%}
{%- endmacro %}

{# From which to which day each segment's members are there already. #}
{% macro kept_days() -%}
  select
        segment,
        min(as_of_date) as first_day,
        max(as_of_date) as last_day
    from {{ this if is_incremental() else "(select cast(null as date) as as_of_date, '' as segment) as nothing" }}
    group by segment
{%- endmacro %}

{# The first day of the daily membership. #}
{% macro membership_from() -%}
  {{ days_before(as_of(), var('membership_days') - 1) }}
{%- endmacro %}

{# Before the daily membership gets new days: forget those judged anew, those that are too old, and the segments that are
   served from their stays. #}
{% macro forget_members(served_from_spells) -%}
  {{ refuse_past_day() }}
  {%- if execute and is_incremental() -%}
    delete from {{ this }}
    where as_of_date >= {{ changed_from() }}
      or as_of_date < {{ membership_from() }}
      {%- if served_from_spells %}
      or segment in ('{{ served_from_spells | join("', '") }}')
      {%- endif %}
  {%- endif -%}
{%- endmacro %}

{# After a day is recorded: forget versions that ended longer ago than the history is kept. Stays keep everything. Days that
   are not published yet may have to be judged again, from the first of them on. #}
{% macro forget_old_versions() -%}
  {%- if execute and var('history_days', 0) -%}
    delete from {{ this }} where dbt_valid_to < {{ days_before(first_unpublished_day(), var('history_days')) }}
  {%- endif -%}
{%- endmacro %}

{% macro first_unpublished_day() -%}
  {%- set held = ledger_table('days') -%}
  {%- if held is not none -%}
    (select coalesce(min(as_of_date), {{ as_of() }}) from {{ held }} where status <> 'published')
  {%- else -%}
    {{ as_of() }}
  {%- endif -%}
{%- endmacro %}
