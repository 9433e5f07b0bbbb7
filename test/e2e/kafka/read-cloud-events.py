"""Reads topics with the CloudEvents SDK for Python and prints what it understood, a line each.

read-cloud-events.py BROKERS COUNT TOPIC...
"""

import json
import sys

from cloudevents.kafka import KafkaMessage, from_binary
from kafka import KafkaConsumer, TopicPartition

brokers, count, topics = sys.argv[1].split(","), int(sys.argv[2]), sys.argv[3:]
consumer = KafkaConsumer(
    bootstrap_servers=brokers,
    group_id=None,
    enable_auto_commit=False,
    consumer_timeout_ms=60_000,
)
parts = [
    TopicPartition(topic, number)
    for topic in topics
    for number in sorted(consumer.partitions_for_topic(topic))
]
consumer.assign(parts)
consumer.seek_to_beginning(*parts)


def data_of(content_type):
    return (lambda value: json.loads(value)) if content_type == "application/json" else bytes.hex


for message in consumer:
    headers = {name: value for name, value in message.headers}
    event = from_binary(
        KafkaMessage(headers=headers, key=message.key, value=message.value),
        data_unmarshaller=data_of(headers["content-type"].decode()),
    )
    line = {**event.get_attributes(), "data": event.get_data()}
    line["where"] = f"{message.topic}/{message.partition}"
    # The SDK leaves the key of the message as bytes.
    print(json.dumps(line, default=bytes.decode), flush=True)
    count -= 1
    if count == 0:
        break
