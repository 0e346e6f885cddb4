"""Verifies a webhook by svix of PyPI; input and output are those of `verify-webhook.cjs`."""

import json
import sys

from svix.webhooks import Webhook

told = json.load(sys.stdin)
Webhook(told["secret"]).verify(told["body"], told["headers"])  # raises for what is not ours
sys.stdout.write(told["body"])
