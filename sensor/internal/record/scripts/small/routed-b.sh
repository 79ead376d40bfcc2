. "$LAB/scripts/serve.sh"
ip link set eth0 mtu 1300
ip addr add 192.168.6.2/24 dev eth0
ip addr add 2001:db8:6::2/64 dev eth0
ip route add default via 192.168.6.254
ip route add default via 2001:db8:6::254
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
listening 80
serving
