# Ben: IPv6, web shop, FTP, printing, SSH to the intranet server.
. "$LAB/scripts/office/client.sh"
join
sleep 1
fetch -6 http://www.news.example/ http://www.news.example/article2.html http://www.news.example/style.css
ping -6 -c 3 -i 0.2 2001:db8:20::10
ping -6 -c 2 -i 0.2 -s 4000 2001:db8:20::12
pause
fetch http://www.shop.example/ https://www.shop.example/article1.html https://www.shop.example/article3.html
curl -sS --http1.1 -o /dev/null --cacert "$LAB/ca.pem" -A "$agent" -d 'item=17&count=2' https://www.shop.example/cart
head -c 150000 /dev/urandom >/run/drawing.dwg
curl -sS -T /run/drawing.dwg ftp://ben:winter-Sparrow-41@10.20.0.10/
curl -sS ftp://ben:winter-Sparrow-41@10.20.0.10/
pause
{ printf '\033%%-12345X@PJL JOB NAME="drawing"\r\n'; head -c 40000 /dev/urandom; } | ncat --send-only printer.office.example 9100
pause
sshpass -p winter-Sparrow-41 ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null ben@intranet.office.example 'id; ls -la / ; sleep 1; uname -a'
traceroute -n -w 1 -q 1 www.news.example
tracepath -n -m 4 203.0.113.80 || true
fetch http://intranet.office.example/article2.html http://intranet.office.example/missing.html http://intranet.office.example/admin
