# Servers with bad manners.
. "$LAB/scripts/serve.sh"
bash "$LAB/scripts/talk/address.sh" eth0 2 1500
sysctl -qw net.ipv4.tcp_ecn=1 net.ipv4.tcp_fastopen=3
# Reads nothing for a while: the window closes, is probed, and opens again.
socat TCP4-LISTEN:7001,rcvbuf=4096,fork SYSTEM:'sleep 1.5; cat >/dev/null' &
# Resets instead of closing.
socat TCP4-LISTEN:7002,fork,linger=0 EXEC:'head -c 10' &
# Says something after the client has closed its half.
socat TCP4-LISTEN:7003,fork SYSTEM:'cat; sleep 0.3; echo still here' &
# Is silent for some seconds, with keep-alive probes.
socat TCP4-LISTEN:7004,fork,keepalive,keepidle=1,keepintvl=1 EXEC:'sleep 3' &
# Takes data in the first segment.
ncat --listen --keep-open 7005 </dev/null >/dev/null &
for port in 7001 7002 7003 7004 7005; do listening "$port"; done
# One half of a simultaneous open: both ends connect at the moment that the
# client writes down. The hosts share a clock, and the wire is 20 ms long.
meet() {
	until [ -s "$LAB/meet" ]; do sleep 0.02; done
	bash "$LAB/scripts/small/meet.sh" 192.168.5.1
}
meet &
serving
