#!/bin/bash
# address.sh N: fixed addresses of a server of the office, and its resolver.
set -eu
ip addr add "10.20.0.$1/24" dev eth0
ip route add default via 10.20.0.1
echo 'nameserver 10.20.0.1' >/etc/resolv.conf
echo 'search office.example' >>/etc/resolv.conf
ip -6 addr add "2001:db8:20::$1/64" dev eth0
