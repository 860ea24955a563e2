{# Nobody who was erased is judged again, whatever the sources still hold: run on an entity's flags before anything is
   recorded. A tombstone is the SHA-256 of `entity:key`. #}
{% macro without_erased(entity, key) -%}
  {%- set tombstones = ledger_table('tombstones') -%}
  {%- if tombstones is not none %}
  delete from {{ this }}
  where {{ sha256_of("'" ~ entity ~ ":' || " ~ key_text(adapter.quote(key))) }} in (
    select key_hash from {{ tombstones }} where entity = '{{ entity }}'
  )
  {%- endif %}
{%- endmacro %}

{% macro sha256_of(text) -%}
  {{ return(adapter.dispatch('sha256_of', 'muster')(text)) }}
{%- endmacro %}

{% macro default__sha256_of(text) -%}
  {{ return('sha2(' ~ text ~ ', 256)') }}
{%- endmacro %}

{% macro duckdb__sha256_of(text) -%}
  {{ return('sha256(' ~ text ~ ')') }}
{%- endmacro %}

{% macro postgres__sha256_of(text) -%}
  {{ return("encode(sha256(convert_to(" ~ text ~ ", 'UTF8')), 'hex')") }}
{%- endmacro %}

{% macro bigquery__sha256_of(text) -%}
  {{ return('to_hex(sha256(' ~ text ~ '))') }}
{%- endmacro %}
