# ARP of every kind, while the bridges agree on a tree.
ip addr add 192.168.5.1/24 dev eth0
sleep 2
arping -c 2 -w 4 -i eth0 192.168.5.2 || true
arping -U -c 1 -i eth0 192.168.5.1 || true
arping -P -c 1 -i eth0 192.168.5.1 || true
ping -c 2 -i 0.3 -W 3 192.168.5.2 || true
sleep 4
ping -c 2 -i 0.3 -W 3 192.168.5.2
