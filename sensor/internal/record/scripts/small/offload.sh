bash "$LAB/scripts/talk/address.sh" eth0 1 1500
for _ in 1 2 3 4; do
	curl -sS -o /dev/null http://192.168.5.2/numbers.txt http://192.168.5.2/numbers.txt
	curl -sS -o /dev/null 'http://[2001:db8:5::2]/numbers.txt'
done
dig +tries=1 @192.168.5.2 host.example
