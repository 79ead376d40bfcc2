# Datagrams that need two to six fragments, each way. Losses are wanted: a
# ping or an answer that never comes is no failure.
bash "$LAB/scripts/talk/address.sh" eth0 1 1500
sleep 0.3
ping -c 6 -i 0.1 -W 1 -s 2000 192.168.5.2 || true
ping -c 4 -i 0.1 -W 1 -s 8000 192.168.5.2 || true
ping -6 -c 6 -i 0.1 -W 1 -s 2000 2001:db8:5::2 || true
ping -6 -c 4 -i 0.1 -W 1 -s 8000 2001:db8:5::2 || true
for _ in 1 2 3 4; do
	head -c 6000 /dev/urandom | socat -b 9000 -t 0.3 - UDP4:192.168.5.2:9000 >/dev/null || true
	head -c 6000 /dev/urandom | socat -b 9000 -t 0.3 - 'UDP6:[2001:db8:5::2]:9000' >/dev/null || true
done
