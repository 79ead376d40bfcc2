# A server for a short conversation.
#   serve.sh INTERFACE N MTU: addresses 192.168.5.N and 2001:db8:5::N
. "$LAB/scripts/serve.sh"
bash "$LAB/scripts/talk/address.sh" "$@"
mkdir -p /srv/page
seq 1 2000 >/srv/page/numbers.txt
cat >/run/nginx.conf <<'CONF'
user root;
worker_processes 1;
pid /run/nginx.pid;
events { worker_connections 50; }
http { access_log off; server { listen 80; listen [::]:80; root /srv/page; } }
CONF
nginx -c /run/nginx.conf -e /run/nginx.error -g 'daemon off;' &
dnsmasq -k -u root --conf-file=/dev/null --no-resolv --no-hosts --pid-file= --address=/host.example/192.0.2.7 --address=/host.example/2001:db8::7 &
listening 80
listening 53 udp
serving
