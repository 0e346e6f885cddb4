"""Events by rudder-sdk-python."""

import sys

from rudderstack.analytics.client import Client

url, key, prefix, count = sys.argv[1:]
failures: list[object] = []
client = Client(
    key, host=url, on_error=lambda error, _: failures.append(error), upload_interval=0.05
)
for number in range(int(count)):
    client.track(prefix, "Product Viewed", {"number": number}, message_id=f"{prefix}-{number}")
    if number + 1 == int(count) // 2:
        client.flush()
        sys.stdin.readline()
client.shutdown()
sys.exit(str(failures) if failures else 0)
