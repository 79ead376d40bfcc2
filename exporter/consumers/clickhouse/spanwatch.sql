-- spanwatch in ClickHouse: a Kafka table that reads all topics, materialised
-- views that take the events apart, and tables that keep them.
--
--   clickhouse-client --multiquery < spanwatch.sql
--
-- Change kafka_broker_list, kafka_topic_list and the TTLs before use. A record
-- that the sensor sent twice has the same event_id, by which ReplacingMergeTree
-- keeps one; add FINAL to queries that must not see a copy before that.

CREATE DATABASE IF NOT EXISTS spanwatch;

CREATE TABLE IF NOT EXISTS spanwatch.kafka
(
    message String
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = 'localhost:9092',
    kafka_topic_list = 'spanwatch.alert,spanwatch.flow,spanwatch.anomaly,spanwatch.dns,spanwatch.http,spanwatch.tls,spanwatch.fileinfo,spanwatch.ssh,spanwatch.smtp,spanwatch.ftp,spanwatch.stats',
    kafka_group_name = 'clickhouse-spanwatch',
    kafka_format = 'JSONAsString',
    kafka_num_consumers = 1;

-- Every event, whole, with what all types have in common.
CREATE TABLE IF NOT EXISTS spanwatch.events
(
    time DateTime64(6, 'UTC'),
    event_type LowCardinality(String),
    event_id UUID,
    seq UInt64,
    sensor LowCardinality(String),
    flow_id UInt64,
    community_id String,
    src_ip IPv6,
    src_port UInt16,
    dest_ip IPv6,
    dest_port UInt16,
    proto LowCardinality(String),
    app_proto LowCardinality(String),
    event String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(time)
ORDER BY (event_type, toStartOfHour(time), event_id)
TTL toDateTime(time) + INTERVAL 30 DAY;

CREATE MATERIALIZED VIEW IF NOT EXISTS spanwatch.events_from_kafka TO spanwatch.events AS
SELECT
    parseDateTime64BestEffort(JSONExtractString(message, 'timestamp'), 6, 'UTC') AS time,
    JSONExtractString(message, 'event_type') AS event_type,
    toUUIDOrZero(JSONExtractString(message, 'event_id')) AS event_id,
    JSONExtractUInt(message, 'seq') AS seq,
    JSONExtractString(message, 'host') AS sensor,
    JSONExtractUInt(message, 'flow_id') AS flow_id,
    JSONExtractString(message, 'community_id') AS community_id,
    toIPv6OrDefault(JSONExtractString(message, 'src_ip')) AS src_ip,
    JSONExtractUInt(message, 'src_port') AS src_port,
    toIPv6OrDefault(JSONExtractString(message, 'dest_ip')) AS dest_ip,
    JSONExtractUInt(message, 'dest_port') AS dest_port,
    JSONExtractString(message, 'proto') AS proto,
    JSONExtractString(message, 'app_proto') AS app_proto,
    message AS event
FROM spanwatch.kafka;

CREATE TABLE IF NOT EXISTS spanwatch.alerts
(
    time DateTime64(6, 'UTC'),
    event_id UUID,
    sensor LowCardinality(String),
    flow_id UInt64,
    community_id String,
    src_ip IPv6,
    src_port UInt16,
    dest_ip IPv6,
    dest_port UInt16,
    proto LowCardinality(String),
    app_proto LowCardinality(String),
    signature_id UInt32,
    rev UInt32,
    signature LowCardinality(String),
    category LowCardinality(String),
    severity UInt8,
    action LowCardinality(String),
    mitre_technique_id Array(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (toStartOfHour(time), signature_id, event_id)
TTL toDateTime(time) + INTERVAL 400 DAY;

CREATE MATERIALIZED VIEW IF NOT EXISTS spanwatch.alerts_from_kafka TO spanwatch.alerts AS
SELECT
    parseDateTime64BestEffort(JSONExtractString(message, 'timestamp'), 6, 'UTC') AS time,
    toUUIDOrZero(JSONExtractString(message, 'event_id')) AS event_id,
    JSONExtractString(message, 'host') AS sensor,
    JSONExtractUInt(message, 'flow_id') AS flow_id,
    JSONExtractString(message, 'community_id') AS community_id,
    toIPv6OrDefault(JSONExtractString(message, 'src_ip')) AS src_ip,
    JSONExtractUInt(message, 'src_port') AS src_port,
    toIPv6OrDefault(JSONExtractString(message, 'dest_ip')) AS dest_ip,
    JSONExtractUInt(message, 'dest_port') AS dest_port,
    JSONExtractString(message, 'proto') AS proto,
    JSONExtractString(message, 'app_proto') AS app_proto,
    JSONExtractUInt(message, 'alert', 'signature_id') AS signature_id,
    JSONExtractUInt(message, 'alert', 'rev') AS rev,
    JSONExtractString(message, 'alert', 'signature') AS signature,
    JSONExtractString(message, 'alert', 'category') AS category,
    JSONExtractUInt(message, 'alert', 'severity') AS severity,
    JSONExtractString(message, 'alert', 'action') AS action,
    JSONExtract(message, 'alert', 'metadata', 'mitre_technique_id', 'Array(String)') AS mitre_technique_id
FROM spanwatch.kafka
WHERE JSONExtractString(message, 'event_type') = 'alert';

CREATE TABLE IF NOT EXISTS spanwatch.flows
(
    time DateTime64(6, 'UTC'),
    event_id UUID,
    sensor LowCardinality(String),
    flow_id UInt64,
    community_id String,
    src_ip IPv6,
    src_port UInt16,
    dest_ip IPv6,
    dest_port UInt16,
    proto LowCardinality(String),
    app_proto LowCardinality(String),
    start DateTime64(6, 'UTC'),
    end DateTime64(6, 'UTC'),
    pkts_toserver UInt64,
    pkts_toclient UInt64,
    bytes_toserver UInt64,
    bytes_toclient UInt64,
    state LowCardinality(String),
    reason LowCardinality(String),
    alerted UInt8,
    src_country LowCardinality(String),
    dest_country LowCardinality(String),
    src_asn UInt32,
    dest_asn UInt32
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(time)
ORDER BY (toStartOfHour(time), src_ip, dest_ip, event_id)
TTL toDateTime(time) + INTERVAL 90 DAY;

CREATE MATERIALIZED VIEW IF NOT EXISTS spanwatch.flows_from_kafka TO spanwatch.flows AS
SELECT
    parseDateTime64BestEffort(JSONExtractString(message, 'timestamp'), 6, 'UTC') AS time,
    toUUIDOrZero(JSONExtractString(message, 'event_id')) AS event_id,
    JSONExtractString(message, 'host') AS sensor,
    JSONExtractUInt(message, 'flow_id') AS flow_id,
    JSONExtractString(message, 'community_id') AS community_id,
    toIPv6OrDefault(JSONExtractString(message, 'src_ip')) AS src_ip,
    JSONExtractUInt(message, 'src_port') AS src_port,
    toIPv6OrDefault(JSONExtractString(message, 'dest_ip')) AS dest_ip,
    JSONExtractUInt(message, 'dest_port') AS dest_port,
    JSONExtractString(message, 'proto') AS proto,
    JSONExtractString(message, 'app_proto') AS app_proto,
    parseDateTime64BestEffort(JSONExtractString(message, 'flow', 'start'), 6, 'UTC') AS start,
    parseDateTime64BestEffort(JSONExtractString(message, 'flow', 'end'), 6, 'UTC') AS end,
    JSONExtractUInt(message, 'flow', 'pkts_toserver') AS pkts_toserver,
    JSONExtractUInt(message, 'flow', 'pkts_toclient') AS pkts_toclient,
    JSONExtractUInt(message, 'flow', 'bytes_toserver') AS bytes_toserver,
    JSONExtractUInt(message, 'flow', 'bytes_toclient') AS bytes_toclient,
    JSONExtractString(message, 'flow', 'state') AS state,
    JSONExtractString(message, 'flow', 'reason') AS reason,
    JSONExtractBool(message, 'flow', 'alerted') AS alerted,
    JSONExtractString(message, 'src_geo', 'country') AS src_country,
    JSONExtractString(message, 'dest_geo', 'country') AS dest_country,
    JSONExtractUInt(message, 'src_geo', 'asn') AS src_asn,
    JSONExtractUInt(message, 'dest_geo', 'asn') AS dest_asn
FROM spanwatch.kafka
WHERE JSONExtractString(message, 'event_type') = 'flow';

CREATE TABLE IF NOT EXISTS spanwatch.dns
(
    time DateTime64(6, 'UTC'),
    event_id UUID,
    sensor LowCardinality(String),
    flow_id UInt64,
    src_ip IPv6,
    dest_ip IPv6,
    type LowCardinality(String),
    rrname String,
    rrtype LowCardinality(String),
    rcode LowCardinality(String),
    addresses Array(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(time)
ORDER BY (toStartOfHour(time), rrname, event_id)
TTL toDateTime(time) + INTERVAL 90 DAY;

CREATE MATERIALIZED VIEW IF NOT EXISTS spanwatch.dns_from_kafka TO spanwatch.dns AS
SELECT
    parseDateTime64BestEffort(JSONExtractString(message, 'timestamp'), 6, 'UTC') AS time,
    toUUIDOrZero(JSONExtractString(message, 'event_id')) AS event_id,
    JSONExtractString(message, 'host') AS sensor,
    JSONExtractUInt(message, 'flow_id') AS flow_id,
    toIPv6OrDefault(JSONExtractString(message, 'src_ip')) AS src_ip,
    toIPv6OrDefault(JSONExtractString(message, 'dest_ip')) AS dest_ip,
    JSONExtractString(message, 'dns', 'type') AS type,
    JSONExtractString(message, 'dns', 'queries', 1, 'rrname') AS rrname,
    JSONExtractString(message, 'dns', 'queries', 1, 'rrtype') AS rrtype,
    JSONExtractString(message, 'dns', 'rcode') AS rcode,
    arrayConcat(JSONExtract(message, 'dns', 'grouped', 'A', 'Array(String)'), JSONExtract(message, 'dns', 'grouped', 'AAAA', 'Array(String)')) AS addresses
FROM spanwatch.kafka
WHERE JSONExtractString(message, 'event_type') = 'dns';
