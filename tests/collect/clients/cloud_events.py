"""Events by cloudevents: binary and structured in turn, each tried again until it is taken."""

import sys
import time
from datetime import UTC, datetime

import requests
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

url, key, prefix, count = sys.argv[1:]
for number in range(int(count)):
    event = CloudEvent(
        attributes={
            "id": f"{prefix}-{number}",
            "source": "/shop",
            "type": "shop.event",
            "specversion": "1.0",
            "time": datetime.now(UTC),
            "datacontenttype": "application/json",
        },
        data={"name": "product_viewed", "user_id": prefix, "properties": {"number": number}},
    )
    message = to_structured_event(event) if number % 2 else to_binary_event(event)
    headers = {**message.headers, "Authorization": f"Bearer {key}"}
    while True:
        answer = requests.post(f"{url}/v1/events", message.body, headers=headers, timeout=60)
        if answer.status_code == requests.codes.ok:
            break
        if answer.status_code != requests.codes.too_many:
            sys.exit(answer.text)
        time.sleep(int(answer.headers["Retry-After"]))
