# A short conversation with host 2. Source ports are fixed: where two
# customers hold the same conversation, their five-tuples are equal.
#   client.sh INTERFACE N MTU [4|6]: in both IP versions, or in one
bash "$LAB/scripts/talk/address.sh" "$1" "$2" "$3"
versions=${4:-46}
sleep 0.2
if [ "$versions" != 6 ]; then
	ping -c 2 -i 0.2 192.168.5.2
	curl -sS --max-time 5 --local-port 40001 -o /dev/null http://192.168.5.2/numbers.txt
	dig +tries=1 -b 192.168.5.1#40002 @192.168.5.2 host.example
	ping -c 1 -s 3000 192.168.5.2
fi
if [ "$versions" != 4 ]; then
	ping -6 -c 2 -i 0.2 2001:db8:5::2
	curl -sS --max-time 5 --local-port 40003 -o /dev/null 'http://[2001:db8:5::2]/numbers.txt'
	dig +tries=1 -b 2001:db8:5::1#40004 @2001:db8:5::2 aaaa host.example
	ping -6 -c 1 -s 3000 2001:db8:5::2
fi
