{# Members as bits: subjects stand in the order of their keys, so many to a block, and each segment has a number per
   block in which the bit of every member is set. Two segments' members in common are then the bits that both numbers
   have, and no pair of memberships is ever formed. #}
{% macro member_blocks(flags, key) -%}
  {%- set segments = recorded_flags(flags, key) -%}
  {%- set size = bits_per_block() -%}
  with numbered as (
    select
        *,
        row_number() over (order by {{ adapter.quote(key) }}) - 1 as _place
    from {{ flags }}
),

placed as (
    select
        *,
        cast(floor(_place / {{ size }}) as bigint) as _block,
        {{ bit_at('_place % ' ~ size) }} as _bit
    from numbered
),

blocks as (
    select
        _block
        {%- for segment in segments %},
        bit_or(case when {{ adapter.quote(segment) }} then _bit else 0 end) as {{ adapter.quote(segment) }}
        {%- endfor %}
    from placed
    group by _block
)
{% for segment in segments %}
select
    '{{ segment }}' as segment,
    _block as block,
    {{ adapter.quote(segment) }} as bits
from blocks
where {{ adapter.quote(segment) }} <> 0
{%- if not loop.last %}
union all
{%- endif %}
{%- else %}
select
    cast(null as {{ api.Column.translate_type('string') }}) as segment,
    _block as block,
    {{ bit_at('0') }} as bits
from blocks
where false
{%- endfor %}
{%- endmacro %}

{% macro bits_per_block() -%}
  {{ return(adapter.dispatch('bits_per_block', 'muster')()) }}
{%- endmacro %}

{% macro default__bits_per_block() -%}
  {{ return(60) }}
{%- endmacro %}

{% macro duckdb__bits_per_block() -%}
  {{ return(120) }}
{%- endmacro %}

{# A number with one bit set. #}
{% macro bit_at(place) -%}
  {{ return(adapter.dispatch('bit_at', 'muster')(place)) }}
{%- endmacro %}

{% macro default__bit_at(place) -%}
  cast(1 as bigint) << cast({{ place }} as integer)
{%- endmacro %}

{% macro duckdb__bit_at(place) -%}
  cast(1 as hugeint) << cast({{ place }} as integer)
{%- endmacro %}

{# How many bits two numbers have in common. #}
{% macro common_bits(one, other) -%}
  {{ return(adapter.dispatch('common_bits', 'muster')(one, other)) }}
{%- endmacro %}

{% macro default__common_bits(one, other) -%}
  bit_count({{ one }} & {{ other }})
{%- endmacro %}

{% macro postgres__common_bits(one, other) -%}
  bit_count(cast({{ one }} & {{ other }} as bit(64)))
{%- endmacro %}
