. "$LAB/scripts/serve.sh"
bash "$LAB/scripts/talk/address.sh" eth0 2 1500
socat TCP4-LISTEN:7000,fork EXEC:cat &
listening 7000
serving
