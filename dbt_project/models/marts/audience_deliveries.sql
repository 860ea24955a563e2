with deliveries as (
    select * from {{ ledger('deliveries') }}
    where as_of_date <= {{ as_of() }}
)

select
    delivery_id,
    audience,
    destination,
    number as delivery_number,
    as_of_date,
    send,
    added,
    changed,
    removed,
    refused,
    members,
    status,
    cast(planned_at as {{ api.Column.translate_type('timestamp') }}) as planned_at,
    cast(acknowledged_at as {{ api.Column.translate_type('timestamp') }}) as acknowledged_at
from deliveries
