# A client behind a router. routed-a.sh talk: a page and some pings.
# routed-a.sh errors: everything that makes routers and hosts complain.
bash "$LAB/scripts/talk/address.sh" eth0 1 1500
ip route add default via 192.168.5.254
ip route add default via 2001:db8:5::254
fails() { ! "$@"; }
sleep 0.3
ping -c 2 -i 0.2 192.168.6.2
ping -6 -c 2 -i 0.2 2001:db8:6::2
curl -sS -o /dev/null http://192.168.6.2/numbers.txt 'http://[2001:db8:6::2]/numbers.txt'
if [ "$1" = talk ]; then exit; fi

fails ping -c 1 -W 1 -M do -s 1400 192.168.6.2 # fragmentation needed
fails ping -6 -c 1 -W 1 -M do -s 1400 2001:db8:6::2 # packet too big
fails ping -c 1 -W 1 192.168.7.1 # net unreachable
fails ping -c 1 -W 1 192.168.8.1 # prohibited
fails ping -6 -c 1 -W 1 2001:db8:7::1
fails ping -6 -c 1 -W 1 2001:db8:8::1
fails ping -c 1 -W 4 192.168.6.99 # host unreachable, by the router
fails ping -6 -c 1 -W 4 2001:db8:6::99
echo x | socat -u - UDP4:192.168.6.2:9999 # port unreachable
echo x | socat -u - 'UDP6:[2001:db8:6::2]:9999'
traceroute -n -q 1 -w 1 192.168.6.2 # time exceeded
traceroute -6 -n -q 1 -w 1 2001:db8:6::2
traceroute -I -n -q 1 -w 1 192.168.6.2
tracepath -n -m 3 192.168.6.2
