{# Statistics of shares in closed form, so that every engine computes them. Rates are doubles, numbers are counts. #}

{# The standard normal deviate that 2.5 % exceed, and the one that 20 % exceed: 95 % confidence, 80 % power. #}
{% macro confidence_deviate() -%} 1.959963984540054 {%- endmacro %}

{% macro power_deviate() -%} 0.8416212335729143 {%- endmacro %}

{# The value that chi-square of one degree of freedom exceeds with a probability of 0.001. #}
{% macro unlikely_chi_square() -%} 10.827566170662733 {%- endmacro %}

{# One end ('+' or '-') of Wilson's score interval of a share (E. B. Wilson, Probable inference, the law of succession, and
   statistical inference, Journal of the American Statistical Association 22, 1927). #}
{% macro wilson_end(rate, trials, end) -%}
  {%- set z = confidence_deviate() -%}
  (
    {{ rate }} + {{ z }} * {{ z }} / (2.0 * {{ trials }})
    {{ end }} {{ z }} * sqrt(
      {{ rate }} * (1.0 - {{ rate }}) / {{ trials }} + {{ z }} * {{ z }} / (4.0 * {{ trials }} * {{ trials }})
    )
  ) / (1.0 + {{ z }} * {{ z }} / {{ trials }})
{%- endmacro %}

{# One end of the interval of the difference of two independent shares, from their Wilson intervals: the hybrid score
   interval, method 10 of R. G. Newcombe, Interval estimation for the difference between independent proportions,
   Statistics in Medicine 17, 1998. `rate`, `low` and `high` are columns of both relations. #}
{% macro newcombe_end(one, other, end) -%}
  {%- set near, far = ('low', 'high') if end == '-' else ('high', 'low') -%}
  {{ one }}.rate - {{ other }}.rate {{ end }} sqrt(
      ({{ one }}.rate - {{ one }}.{{ near }}) * ({{ one }}.rate - {{ one }}.{{ near }})
      + ({{ other }}.{{ far }} - {{ other }}.rate) * ({{ other }}.{{ far }} - {{ other }}.rate)
    )
{%- endmacro %}

{# The smallest rise above a rate that two groups of these sizes would show with a power of 80 % in a two-sided test of
   5 %, by the normal approximation of the arcsine of the root (J. Cohen, Statistical Power Analysis for the Behavioral
   Sciences, 1988, chapter 6). Null where no rate up to 1 is far enough. #}
{% macro detectable_rise(rate, trials, other_trials) -%}
  {%- set angle -%}
    asin(sqrt({{ rate }})) + ({{ confidence_deviate() }} + {{ power_deviate() }})
    * sqrt(1.0 / {{ trials }} + 1.0 / {{ other_trials }}) / 2.0
  {%- endset -%}
  case when {{ angle }} <= asin(1.0) then sin({{ angle }}) * sin({{ angle }}) - {{ rate }} end
{%- endmacro %}

{# Whether a count out of so many fits the share that was meant, by the chi-square test (p at least 0.001); null where
   fewer than ten are to be expected on either side, for which that test is no good. #}
{% macro fits_share(number, total, share) -%}
  case
    when {{ total }} * {{ share }} >= 10 and {{ total }} * (1.0 - {{ share }}) >= 10
      then ({{ number }} - {{ total }} * {{ share }}) * ({{ number }} - {{ total }} * {{ share }})
        / ({{ total }} * {{ share }} * (1.0 - {{ share }})) <= {{ unlikely_chi_square() }}
  end
{%- endmacro %}
