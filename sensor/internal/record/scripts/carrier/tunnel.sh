# One end of a tunnel made by the recorder.
#   tunnel.sh RECORDER KIND SELF PEER
recorder=$1 kind=$2 self=$3 peer=$4
ip addr add "172.16.0.$self/24" dev eth0
"$recorder" tunnel -kind "$kind" -device tun0 -link eth0 -local "172.16.0.$self" -remote "172.16.0.$peer" &
until [ -e /sys/class/net/tun0 ]; do
	sleep 0.02
	kill -0 $!
done
ip link set tun0 up
touch "$LAB/$HOST.up"
wait
