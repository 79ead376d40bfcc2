. "$LAB/scripts/serve.sh"
bash "$LAB/scripts/talk/address.sh" eth0 2 1500
# SCTP lives in the program here; the kernel must not answer for it.
nft -f - <<'N'
table inet quiet {
	chain out {
		type filter hook output priority 0
		icmp type destination-unreachable drop
	}
}
N
/usr/lib/usrsctp/discard_server &
/usr/lib/usrsctp/echo_server &
sleep 0.3
serving
