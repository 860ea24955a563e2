{# A table that Muster's runs write beside dbt, in the schema `ledger`; none where no run has made it. #}
{% macro ledger_table(name) -%}
  {{ return(adapter.get_relation(this.database, 'ledger', name) if execute else none) }}
{%- endmacro %}

{# The rows of a declared source of the ledger. A table that no run has made yet has none, and a column that a run of an
   older version has not made is null. #}
{% macro ledger(name) -%}
  {%- set declared = source('ledger', name) -%}
  {%- if execute -%}
    {%- set held = adapter.get_relation(declared.database, declared.schema, declared.identifier) -%}
    {%- set there = adapter.get_columns_in_relation(held) | map(attribute='name') | list if held is not none else [] -%}
  (
    select
      {%- for column in ledger_columns(name) %}
      {% if column.name in there -%}
        {{ column.name }}
      {%- else -%}
        cast(null as {{ api.Column.translate_type(column.data_type) }}) as {{ column.name }}
      {%- endif %}
      {{- ',' if not loop.last }}
      {%- endfor %}
    {{ 'from ' ~ held if held is not none else 'where false' }}
  ) as noted
  {%- endif -%}
{%- endmacro %}

{# The columns that models/ledger/_ledger.yml declares of a table. #}
{% macro ledger_columns(name) -%}
  {%- for each in graph.sources.values() if each.source_name == 'ledger' and each.name == name -%}
    {{ return(each.columns.values() | list) }}
  {%- endfor -%}
{%- endmacro %}

{# On days on which definitions were edited: the moves that there would have been without the edit. Of the base
   population itself where the segment is null. #}
{% macro unedited_moves() -%}
  {{ ledger('unedited_moves') }}
{%- endmacro %}

{# The segments whose definition was edited, by day, and whether moves by data were told apart from those by the edit. #}
{% macro edits() -%}
  {{ ledger('edits') }}
{%- endmacro %}

{# Each definition that a run has met, as a query for any day. #}
{% macro kept_definitions() -%}
  {{ ledger('definitions') }}
{%- endmacro %}

{# The segments whose members of a day are reconstructed: told by values of a later time. #}
{% macro reconstructed() -%}
  {{ ledger('reconstructed') }}
{%- endmacro %}

{# What a day's row is told by: `days` are reconstructed ones, joined on the left. #}
{% macro basis(days) -%}
  case when {{ days }}.segment is null then 'observed' else 'reconstructed' end
{%- endmacro %}
