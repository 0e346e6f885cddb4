"""The dashboards of Grafana as code; ``ops.dashboards`` writes them."""
