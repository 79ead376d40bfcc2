bash "$LAB/scripts/talk/address.sh" eth0 1 1500
sysctl -qw net.ipv4.tcp_ecn=1 net.ipv4.tcp_fastopen=1
b=192.168.5.2
ping -c 1 $b
ncat --send-only -w 1 $b 7999 </dev/null || true                   # refused
head -c 60000 /dev/zero | socat -t 6 - TCP4:$b:7001                      # zero window
echo hello | socat - TCP4:$b:7002 || true                           # reset by the server
echo hello | socat -t 2 - TCP4:$b:7003                              # half close
timeout -s KILL 0.5 socat -u -b 500 OPEN:/dev/zero TCP4:$b:7001,sndbuf=4000 || true # killed in the middle
socat -u TCP4:$b:7004,keepalive,keepidle=1,keepintvl=1 - || true    # keep-alive
nmap -n -Pn -sS -p 7001,7999 $b                                     # half open
nmap -n -Pn -sN -p 7001,7999 $b                                     # no flags
nmap -n -Pn -sF -p 7001,7999 $b                                     # FIN only
nmap -n -Pn -sX -p 7001,7999 $b                                     # FIN, PSH, URG
nmap -n -Pn -sM -p 7001,7999 $b                                     # FIN, ACK
nmap -n -Pn -sA -p 7001,7999 $b                                     # ACK only
nmap -n -Pn -sW --scanflags SYNFIN -p 7001,7999 $b                  # SYN and FIN
echo "$(($(date +%s) + 2))" >"$LAB/meet"
bash "$LAB/scripts/small/meet.sh" $b # simultaneous open
