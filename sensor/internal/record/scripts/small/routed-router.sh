# A router between 192.168.5.0/24 (near) and 192.168.6.0/24 (far, MTU 1300).
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
ip addr add 192.168.5.254/24 dev near
ip addr add 2001:db8:5::254/64 dev near
ip addr add 192.168.6.254/24 dev far
ip addr add 2001:db8:6::254/64 dev far
ip link set far mtu 1300
ip route add unreachable 192.168.7.0/24
ip route add prohibit 192.168.8.0/24
ip -6 route add unreachable 2001:db8:7::/64
ip -6 route add prohibit 2001:db8:8::/64
