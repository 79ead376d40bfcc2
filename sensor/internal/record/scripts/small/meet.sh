# meet.sh PEER: connects from port 7010 to the peer's port 7010 at the agreed
# second.
until [ "$(date +%s)" -ge "$(cat "$LAB/meet")" ]; do sleep 0.002; done
echo "from $HOST" | socat -t 1 - "TCP4:$1:7010,sourceport=7010,reuseaddr"
