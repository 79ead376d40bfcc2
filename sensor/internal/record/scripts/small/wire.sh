# The bad cable between interfaces toa and tob.
#   wire.sh RECORDER FAULTS...
sysctl -qw net.ipv6.conf.all.disable_ipv6=1
"$1" wire -a toa -b tob "${@:2}" &
sleep 0.3
kill -0 $!
touch "$LAB/$HOST.up"
wait
