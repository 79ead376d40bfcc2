# Everything outside of the office: one machine with many documentation
# addresses, each of which plays a different network.
. "$LAB/scripts/serve.sh"
for address in 192.0.2.254/24 192.0.2.25/24 198.51.100.10/24 198.51.100.11/24 198.51.100.53/24 203.0.113.66/24 203.0.113.80/24; do
	ip addr add "$address" dev eth0
done
for address in 254 10 66; do
	ip addr add "2001:db8:ffff::$address/64" dev eth0
done
ip route add 10.20.0.0/24 via 192.0.2.1
ip route add 2001:db8:20::/64 via 2001:db8:ffff::1

mkdir -p /run/zones
zone() {
	{
		echo "\$TTL 300"
		echo "@ IN SOA ns.$1. hostmaster.$1. 1 3600 600 86400 60"
		echo "@ IN NS ns.$1."
		echo "ns IN A 198.51.100.53"
		cat
	} >"/run/zones/$1"
	echo "zone \"$1\" { type primary; file \"/run/zones/$1\"; };" >>/run/named.conf
}
cat >/run/named.conf <<'CONF'
options { directory "/run"; listen-on { 198.51.100.53; }; listen-on-v6 { none; }; recursion no; dnssec-validation no; pid-file none; session-keyfile none; };
controls { };
CONF
zone news.example <<'Z'
@ IN A 198.51.100.10
www IN A 198.51.100.10
www IN AAAA 2001:db8:ffff::10
static IN CNAME www
Z
zone shop.example <<'Z'
@ IN A 198.51.100.11
www IN A 198.51.100.11
Z
zone partner.example <<'Z'
@ IN MX 10 mx
mx IN A 192.0.2.25
Z
zone cdn-update.example <<'Z'
@ IN A 203.0.113.66
api IN A 203.0.113.66
*.t IN TXT "c2xlZXAgMzA7IG5leHQgY2h1bms="
Z
zone storage-drop.example <<'Z'
@ IN A 203.0.113.80
Z
named -f -u root -c /run/named.conf &

certificate www.news.example news.example static.news.example
certificate www.shop.example shop.example
mkdir -p /srv/news /srv/shop /srv/c2
bash "$LAB/scripts/office/pages.sh" /srv/news "Documentation News" 6
bash "$LAB/scripts/office/pages.sh" /srv/shop "Example Shop" 4
head -c 90000 /dev/urandom >/srv/news/front.jpg
# What the intruder fetches: starts like a Windows program, does nothing.
{ printf 'MZ\220\000\003\000\000\000This program cannot be run in DOS mode.\r\n'; head -c 24000 /dev/urandom; } >/srv/c2/holiday.jpg
cat >/run/nginx.conf <<'CONF'
user root;
worker_processes 1;
pid /run/nginx.pid;
events { worker_connections 200; }
http {
	include /etc/nginx/mime.types;
	access_log off;
	gzip on;
	gzip_types text/css application/javascript;
	ssl_protocols TLSv1.2 TLSv1.3;
	server { listen 80; listen [::]:80; server_name www.news.example static.news.example; root /srv/news; }
	server { listen 443 ssl; listen [::]:443 ssl; http2 on; server_name www.news.example static.news.example; root /srv/news;
		ssl_certificate /run/www.news.example.pem; ssl_certificate_key /run/www.news.example.key; }
	server { listen 443 ssl; server_name www.shop.example; root /srv/shop;
		ssl_certificate /run/www.shop.example.pem; ssl_certificate_key /run/www.shop.example.key;
		location /cart { return 303 /; } }
	server { listen 80; server_name www.shop.example; return 301 https://www.shop.example$request_uri; }
	server { listen 80 default_server; root /srv/c2;
		location /gate.php { default_type text/plain; return 200 "task=$arg_next\n"; } }
}
CONF
sed -i 's/ http2 on;//; s/443 ssl;/443 ssl http2;/g' /run/nginx.conf
nginx -c /run/nginx.conf -e /run/nginx.error -g 'daemon off;' &

bash "$LAB/scripts/office/exim.sh" mx.partner.example partner.example 192.0.2.25 &
bash "$LAB/scripts/office/ftp.sh" 203.0.113.80 /srv/drop &
listening 53 udp
listening 443
listening 25
listening 21
serving
