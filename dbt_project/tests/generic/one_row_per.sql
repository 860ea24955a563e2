{% test one_row_per(model, columns, changed_by=[]) %}
select {{ columns | join(', ') }}
from {{ model }}
{{ where_changed(changed_by) }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
