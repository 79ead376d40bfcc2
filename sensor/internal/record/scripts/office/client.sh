# Sourced by people's machines: address by DHCP, a browser, a pause.
cat >/run/udhcpc.sh <<'S'
#!/bin/sh
case $1 in
bound | renew)
	ip addr replace "$ip/$mask" dev "$interface"
	ip route replace default via "$router"
	{ echo "nameserver $dns"; echo "search office.example"; } >/etc/resolv.conf
	;;
esac
S
chmod +x /run/udhcpc.sh
sysctl -qw net.ipv6.conf.eth0.accept_ra=2
join() { udhcpc -q -n -i eth0 -s /run/udhcpc.sh -x "hostname:$HOST" -t 8 -T 2; }

# fetch [-6] URL...: fetches like a browser, several objects on a connection.
agent='Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
fetch() {
	local args=() item
	for item in "$@"; do
		case $item in
		-*) args+=("$item") ;;
		*) args+=(-o /dev/null "$item") ;;
		esac
	done
	curl -sS --max-time 20 --cacert "$LAB/ca.pem" -A "$agent" --compressed "${args[@]}"
}
pause() { sleep "$((RANDOM % 4 + 1)).$((RANDOM % 10))"; }
