"""Every metric of the engine, in one place. Units stand last in the names; labels hold topics, kinds and codes only."""

from prometheus_client import Counter, Gauge, Histogram

RECORDS = Counter("upstream_records_total", "Records that were applied or answered", ["topic", "outcome"])
SENT = Counter("upstream_sent_total", "Records that the broker acknowledged", ["topic"])
BATCH_SECONDS = Histogram(
    "upstream_batch_seconds", "One batch, one transaction", buckets=(0.002, 0.005, 0.01, 0.05, 0.2, 1, 5)
)
RERUNS = Counter("upstream_reruns_total", "Transactions run again because somebody was faster")
HELD = Gauge("upstream_held_partitions", "Partitions that wait for a person or for their producer", ["reason"])
GAPS = Counter("upstream_gaps_total", "Loss alarms: a number is missing on one of our own topics", ["topic"])
REUSED = Counter("upstream_numbers_reused_total", "A number of ours came again with another event", ["topic"])
PARKED = Gauge("upstream_parked_keys", "Keys that wait with a record that could not be decided on")
UNKNOWN_FIELDS = Counter("upstream_unknown_fields_total", "Fields from outside that no schema knows", ["topic"])
DUE_FAILED = Counter("upstream_due_failed_total", "Due work that could not be decided", ["kind"])
OUTBOX_AGE = Gauge("upstream_outbox_oldest_age_seconds", "Age of the oldest record that was not sent yet")
LEADS = Gauge("upstream_relay_leads", "1 where this process holds the relay's lease")
MARKS_MISSED = Counter("upstream_marks_missed_total", "Records that were published later than their mark", ["topic"])
STRANGE_CLUSTER = Gauge("upstream_relay_strange_cluster", "1 while the broker is not the one that was sent to: rebuild-topics")
SET_BACK = Counter("upstream_streams_set_back_total", "Records were applied that their restored producer forgot", ["topic"])
