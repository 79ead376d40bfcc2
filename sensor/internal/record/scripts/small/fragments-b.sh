. "$LAB/scripts/serve.sh"
bash "$LAB/scripts/talk/address.sh" eth0 2 1500
socat -b 9000 UDP6-RECVFROM:9000,fork,ipv6-v6only=0 EXEC:cat &
listening 9000 udp
serving
