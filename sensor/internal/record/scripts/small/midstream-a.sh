# Lines to an echo server, slowly, on one connection.
bash "$LAB/scripts/talk/address.sh" eth0 1 1500
for n in $(seq 30); do
	echo "line $n of a conversation that began before anybody listened"
	sleep 0.1
done | socat -t 1 - TCP4:192.168.5.2:7000
