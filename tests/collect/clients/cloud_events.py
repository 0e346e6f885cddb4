"""Events by cloudevents: binary and structured in turn, tried again when `Retry-After` says."""

import sys
from datetime import UTC, datetime

import requests
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

url, key, prefix, count = sys.argv[1:]
retry = Retry(total=100, status_forcelist=[429], allowed_methods=None, backoff_factor=0.1)
session = requests.Session()
session.mount("http://", HTTPAdapter(max_retries=retry))
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
    answer = session.post(f"{url}/v1/events", message.body, headers=headers, timeout=60)
    if answer.status_code != requests.codes.ok:
        sys.exit(answer.text)
    if number + 1 == int(count) // 2:
        sys.stdin.readline()
