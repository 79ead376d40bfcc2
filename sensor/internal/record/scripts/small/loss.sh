# Downloads over the bad cable, one with SACK and one without.
bash "$LAB/scripts/talk/address.sh" eth0 1 1500
get() { curl -sS --max-time 30 -o /dev/null "$@"; }
get http://192.168.5.2/numbers.txt http://192.168.5.2/numbers.txt http://192.168.5.2/numbers.txt http://192.168.5.2/numbers.txt http://192.168.5.2/numbers.txt
sysctl -qw net.ipv4.tcp_sack=0
get http://192.168.5.2/numbers.txt http://192.168.5.2/numbers.txt http://192.168.5.2/numbers.txt
sysctl -qw net.ipv4.tcp_timestamps=0
get 'http://[2001:db8:5::2]/numbers.txt' 'http://[2001:db8:5::2]/numbers.txt'
