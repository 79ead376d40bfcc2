bash "$LAB/scripts/talk/address.sh" eth0 1 1500
nft -f - <<'N'
table inet quiet {
	chain out {
		type filter hook output priority 0
		icmp type destination-unreachable drop
	}
}
N
(for n in 1 2 3 4 5 6; do echo "message $n"; sleep 0.2; done) | timeout 4 /usr/lib/usrsctp/client 192.168.5.2 7 || true
(for n in 1 2 3; do head -c 900 /dev/zero | tr '\0' x; echo; sleep 0.2; done) | timeout 4 /usr/lib/usrsctp/client 192.168.5.2 9 || true
