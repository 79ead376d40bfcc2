#!/bin/bash
# snmp.sh LOCATION: an SNMP agent, versions 2c and 3.
set -eu
cat >/run/snmpd.conf <<CONF
rocommunity office 10.20.0.0/24
createUser monitor SHA "monitor-Pass-9" AES "monitor-Priv-9"
rouser monitor priv
sysLocation $1
sysName $HOST
CONF
exec snmpd -f -Lo -C -c /run/snmpd.conf -p /run/snmpd.pid udp:161
