// Package kafkatest runs real Apache Kafka brokers for tests, benchmarks and
// people who want to try the sensor.
//
//	Jars ─► .cache/kafka-<version>/*.jar ─► Start ─► one or three brokers (KRaft, no ZooKeeper)
//	(Maven, exporter/kafka/broker/pom.xml)           on free ports of the loopback interface,
//	                                                 data in a folder of their own
//
// Each broker listens four times: plain, plain behind a Proxy that can stop
// forwarding, TLS with a client certificate, and SASL over TLS. A broker dies
// with the process that started it, however that ends.
package kafkatest
