"""The live system on a real Kafka and a real Redis, whatever dies: judged by the oracle."""
