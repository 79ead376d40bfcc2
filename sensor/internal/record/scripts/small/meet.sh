# meet.sh PEER: connects from port 7010 to the peer's port 7010 at the agreed
# second, and some times more: on a busy machine one end may come so late that
# its peer has been refused already.
start=$(cat "$LAB/meet")
for attempt in 0 2 4 6 8; do
	until ((EPOCHSECONDS >= start + attempt)); do sleep 0.001; done
	if echo "from $HOST" | socat -t 1 - "TCP4:$1:7010,sourceport=7010,reuseaddr"; then exit; fi
done
exit 1
