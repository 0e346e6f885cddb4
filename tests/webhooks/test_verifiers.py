"""The verifiers of others accept every signature, with the old secret and with the new one."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from streamer.codecs.changes import encode_change
from streamer.webhooks.payload import Signer, body
from streamer.webhooks.settings import Form
from tests.collect.get import (
    PACKAGES,
    PROGRAMS,
    PYTHON_PACKAGES,
    missing_for_node,
    missing_for_python,
)
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


NODE = ["node", str(PROGRAMS / "verify-webhook.cjs")]
PYTHON = [sys.executable, str(Path(__file__).with_name("verify_svix.py"))]


@pytest.mark.sdks
@pytest.mark.parametrize(
    "command",
    [[*NODE, "standardwebhooks"], [*NODE, "svix"], PYTHON],
    ids=["standardwebhooks of npm", "svix of npm", "svix of PyPI"],
)
def test_a_verifier_accepts_what_was_received(
    command: list[str], hooks: Hooks, receiver: Receiver, tmp_path: Path
) -> None:
    need(command[1], missing_for_python() if command is PYTHON else missing_for_node())
    secret = tmp_path / "old"
    secret.write_text(SECOND_SECRET, encoding="utf-8")
    hooks.configure(receiver, secrets=f'["env:CRM_SECRET", "file:{secret}"]')
    hooks.start()
    hooks.publish(*(change(customer) for customer in ODD))
    hooks.wait_for(receiver, len(ODD))
    packages = {
        "NODE_PATH": str(PACKAGES / "node_modules"),
        "PYTHONPATH": str(PYTHON_PACKAGES),
    }
    for request in receiver.requests:
        for one in (SECRET, SECOND_SECRET):
            told = {"body": request.body.decode(), "headers": request.headers, "secret": one}
            done = subprocess.run(  # noqa: S603 (our own program)
                command,
                input=json.dumps(told),
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
                env={**os.environ, **packages},
            )
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout) == request.document
