"""The verifiers of others accept every signature, with the old secret and with the new one."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from streamer.codecs.changes import encode_change
from streamer.webhooks.payload import Signer, body
from streamer.webhooks.settings import Form
from tests.collect.get import PACKAGES, PROGRAMS, missing_for_node
from tests.conftest import need
from tests.webhooks.changes import change
from tests.webhooks.hooks import SECOND_SECRET, SECRET, Hooks
from tests.webhooks.receiver import Receiver

ODD = ["u-7", "Ünï-çødé 漢字", 'quote" and \\ backslash', "x" * 200]


@pytest.mark.parametrize("form", ["full", "thin"])
@pytest.mark.parametrize("customer", ODD)
def test_what_is_signed_is_what_is_sent(customer: str, form: Form) -> None:
    said = change(customer)
    content = body(said, encode_change(said), form)
    now = time.time_ns() // 1_000_000
    headers = Signer((SECOND_SECRET, SECRET)).headers(said.change_id, content, now)
    for secret in (SECRET, SECOND_SECRET):
        found = Webhook(secret).verify(content, headers)
        assert found["data"]["customer_id"] == customer
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(content.replace(b"entered", b"exited"), headers)


@pytest.mark.sdks
@pytest.mark.parametrize("package", ["standardwebhooks", "svix"])
def test_the_verifier_of_npm_accepts_what_was_received(
    package: str, hooks: Hooks, receiver: Receiver, tmp_path: Path
) -> None:
    need(package, missing_for_node())
    secret = tmp_path / "old"
    secret.write_text(SECOND_SECRET, encoding="utf-8")
    hooks.configure(receiver, secrets=f'["env:CRM_SECRET", "file:{secret}"]')
    hooks.start()
    hooks.publish(*(change(customer) for customer in ODD))
    hooks.wait_for(receiver, len(ODD))
    for request in receiver.requests:
        for one in (SECRET, SECOND_SECRET):
            told = {"body": request.body.decode(), "headers": request.headers, "secret": one}
            done = subprocess.run(  # noqa: S603 (our own program)
                ["node", str(PROGRAMS / "verify-webhook.cjs"), package],  # noqa: S607 (on the path)
                input=json.dumps(told),
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
                env={**os.environ, "NODE_PATH": str(PACKAGES / "node_modules")},
            )
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout) == request.document
