# address.sh INTERFACE N MTU
ip link set "$1" mtu "$3" up
ip addr add "192.168.5.$2/24" dev "$1"
ip addr add "2001:db8:5::$2/64" dev "$1"
