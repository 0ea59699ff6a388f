#!/bin/bash
# The broker in its container: formats the storage at the first start, then becomes the broker.
# /etc/upstream/broker holds the filled-in configuration; passwords stay in files, and files made here in memory.
set -eu
umask 077
conf=/etc/upstream/broker
storage=/var/lib/kafka/data/log

if [ ! -e "$storage/meta.properties" ]; then
    # Formatted beside it and renamed, so that a broken format is no storage; each time a new cluster, or its loss would go unseen.
    rm -rf "$storage" "$storage.new"
    id=A$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 2-22)
    sed "s|^log.dirs=.*|log.dirs=$storage.new|" "$conf/server.properties" >/tmp/format.properties
    sed "s|CLUSTER_ID|$id|" "$conf/format.args" >/tmp/format.args
    java @/tmp/format.args
    rm /tmp/format.properties /tmp/format.args
    mv "$storage.new" "$storage"
fi
exec java @"$conf/jvm.args" -Dlog4j2.configurationFile=/etc/upstream/log4j2.properties \
    -cp '/opt/kafka/libs/*' kafka.Kafka "$conf/server.properties"
