{# Logical time for Muster's snapshots: versions begin and end on the as-of day, never at the wall clock's time.
   Other snapshots of the project keep dbt's own time. #}
{% macro snapshot_get_time() -%}
  {%- if 'muster' in model.config.tags -%}
    {{ as_of_timestamp() }}
  {%- else -%}
    {{ adapter.dispatch('snapshot_get_time', 'dbt')() }}
  {%- endif -%}
{%- endmacro %}

{% macro as_of_timestamp() -%}
  cast('{{ var("as_of") }}' as {{ api.Column.translate_type('timestamp') }})
{%- endmacro %}

{# What later days left is not for a build by hand to forget: a run that judges a day again notes the later ones first. #}
{% macro refuse_past_day() -%}
  {%- set held = ledger_table('days') -%}
  {%- if held is not none -%}
    {%- set later = "as_of_date > " ~ as_of() ~ " and status <> 'planned'" -%}
    {%- set last = run_query('select max(as_of_date) from ' ~ held ~ ' where ' ~ later).columns[0].values()[0] -%}
    {%- if last is not none -%}
      {{ exceptions.raise_compiler_error(
        'days up to ' ~ last ~ ' are recorded, and this build is as of ' ~ var('as_of')
        ~ ": say the last day, as in --vars '{as_of: " ~ last ~ "}', or let `muster run` judge an earlier one again"
      ) }}
    {%- endif -%}
  {%- endif -%}
{%- endmacro %}

{# Before a day is recorded: forget what was recorded on it or later, so that it can be run again. #}
{% macro rewind_delete() -%}
  {{ refuse_past_day() }}
  {%- if execute and load_relation(this) is not none -%}
    delete from {{ this }} where dbt_valid_from >= {{ as_of_timestamp() }}
  {%- endif -%}
{%- endmacro %}

{% macro rewind_reopen() -%}
  {%- if execute and load_relation(this) is not none -%}
    update {{ this }} set dbt_valid_to = null where dbt_valid_to >= {{ as_of_timestamp() }}
  {%- endif -%}
{%- endmacro %}

{# A new segment's flag was false for everyone before its first day; otherwise every subject would get a new version. #}
{% macro widen_history(recorded) -%}
  {%- if execute and load_relation(this) is not none -%}
    {%- set added = [] -%}
    {%- set present = adapter.get_columns_in_relation(this) | map(attribute='name') | list -%}
    {%- for column in adapter.get_columns_in_relation(api.Relation.create(this.database, this.schema, recorded)) -%}
      {%- if column.name not in present -%}
        {%- do run_query('alter table ' ~ this ~ ' add column ' ~ adapter.quote(column.name) ~ ' boolean') -%}
        {%- do added.append(adapter.quote(column.name) ~ ' = false') -%}
      {%- endif -%}
    {%- endfor -%}
    {#- once all columns are there: DuckDB alters no table that the same transaction has changed -#}
    {%- if added -%} {%- do run_query('update ' ~ this ~ ' set ' ~ added | join(', ')) -%} {%- endif -%}
  {%- endif -%}
{%- endmacro %}

{# Attributes that the catalog has named since their history was last recorded: before that they are unknown. Days whose
   record stays as it is are looked up in it all the same. #}
{% macro widen_attributes(observed, history) -%}
  {%- set held = adapter.get_relation(this.database, this.schema, history) if execute else none -%}
  {%- if held is not none -%}
    {%- set present = adapter.get_columns_in_relation(held) | map(attribute='name') | list -%}
    {%- for column in adapter.get_columns_in_relation(api.Relation.create(this.database, this.schema, observed)) -%}
      {%- if column.name not in present -%}
        {%- do run_query('alter table ' ~ held ~ ' add column ' ~ adapter.quote(column.name) ~ ' ' ~ column.data_type) -%}
      {%- endif -%}
    {%- endfor -%}
  {%- endif -%}
{%- endmacro %}

{# The names of the flags that a history holds, those of removed segments included. #}
{% macro recorded_flags(history, key) -%}
  {%- set found = [] -%}
  {%- set relation = adapter.get_relation(history.database, history.schema, history.identifier) if execute else none -%}
  {%- if relation is not none -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
      {%- if column.name != key and not column.name.startswith('dbt_') -%} {%- do found.append(column.name) -%} {%- endif -%}
    {%- endfor -%}
  {%- endif -%}
  {{ return(found) }}
{%- endmacro %}

{% macro history_of(entity) -%}
  {{ return(api.Relation.create(this.database, this.schema, entity ~ '_history')) }}
{%- endmacro %}

{# `, false as x` for each flag that the history holds and the flags lack: so a removed segment's stays are closed. #}
{% macro retired_flags(entity, key) -%}
  {%- if execute -%}
    {%- set flags = api.Relation.create(this.database, this.schema, entity ~ '_segments') -%}
    {%- set present = adapter.get_columns_in_relation(flags) | map(attribute='name') | list -%}
    {%- for flag in recorded_flags(history_of(entity), key) if flag not in present -%}
      , false as {{ adapter.quote(flag) }}
    {%- endfor -%}
  {%- endif -%}
{%- endmacro %}

{# The flags as recorded before the as-of day, one row per version, read as if the history were rewound already. Never by
   `ref`: the history is made of the flags. #}
{% macro history_before(entity, key, flags) -%}
  {%- set held = recorded_flags(history_of(entity), key) -%}
  (
    select
      {{ adapter.quote(key) }}
      {%- for flag in flags %}, {{ adapter.quote(flag) if flag in held else 'false' }} as {{ adapter.quote(flag) }} {%- endfor %}
    {%- if held %},
      {{ validity_before() }}
    from {{ history_of(entity) }}
    where dbt_valid_from < {{ as_of_timestamp() }}
    {%- else %},
      cast(null as date) as valid_from,
      cast(null as date) as valid_to
    from (select null as {{ adapter.quote(key) }}) as nobody
    where false
    {%- endif %}
  ) as recorded
{%- endmacro %}

{% macro validity_before() -%}
  cast(dbt_valid_from as date) as valid_from,
      case when dbt_valid_to < {{ as_of_timestamp() }} then cast(dbt_valid_to as date) end as valid_to
{%- endmacro %}

{# The segments' definitions as recorded before the as-of day, one row per version. #}
{% macro definitions_before() -%}
  {%- set name = 'segment_definition_history' -%}
  {%- set held = adapter.get_relation(this.database, this.schema, name) if execute else none -%}
  (
    {%- if held is not none %}
    select
      segment,
      definition,
      status,
      {{ validity_before() }}
    from {{ held }}
    where dbt_valid_from < {{ as_of_timestamp() }}
    {%- else %}
    select
      cast(null as {{ api.Column.translate_type('string') }}) as segment,
      cast(null as {{ api.Column.translate_type('string') }}) as definition,
      cast(null as {{ api.Column.translate_type('string') }}) as status,
      cast(null as date) as valid_from,
      cast(null as date) as valid_to
    where false
    {%- endif %}
  ) as recorded_definitions
{%- endmacro %}

{# One row per segment, subject and version in which the subject is a member; segments that are gone included.
   `versions` are rows of the history. #}
{% macro member_versions(versions, history, key) -%}
  {%- for flag in recorded_flags(history, key) %}
    select
        '{{ flag }}' as segment,
        {{ adapter.quote(key) }},
        valid_from,
        valid_to
    from {{ versions }}
    where {{ adapter.quote(flag) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
  {%- else %}
    select
        cast(null as {{ api.Column.translate_type('string') }}) as segment,
        {{ adapter.quote(key) }},
        valid_from,
        valid_to
    from {{ versions }}
    where false
  {%- endfor %}
{%- endmacro %}
