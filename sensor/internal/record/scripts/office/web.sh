# The intranet's web server, monitored by SNMP.
. "$LAB/scripts/serve.sh"
bash "$LAB/scripts/office/address.sh" 12
certificate intranet.office.example wiki.office.example
bash "$LAB/scripts/office/pages.sh" /srv/intranet "Intranet" 4
cat >/run/nginx.conf <<'CONF'
user root;
worker_processes 1;
pid /run/nginx.pid;
events { worker_connections 200; }
http {
	include /etc/nginx/mime.types;
	access_log off;
	server { listen 80; listen [::]:80; server_name intranet.office.example; root /srv/intranet;
		location /admin { return 403; } }
	server { listen 443 ssl; server_name wiki.office.example; root /srv/intranet;
		ssl_certificate /run/intranet.office.example.pem; ssl_certificate_key /run/intranet.office.example.key; }
}
CONF
nginx -c /run/nginx.conf -e /run/nginx.error -g 'daemon off;' &
bash "$LAB/scripts/office/snmp.sh" "web server, room 2" &
sshd_start
listening 443
listening 161 udp
serving
