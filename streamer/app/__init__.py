"""Floor 7: builds rules, adapters and worker into what a command or a test runs."""
