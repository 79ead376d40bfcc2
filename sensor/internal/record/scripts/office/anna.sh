# Anna: news, the wiki, a document on the file server, mail with attachment.
. "$LAB/scripts/office/client.sh"
join
fetch http://intranet.office.example/ http://intranet.office.example/style.css http://intranet.office.example/logo.png
pause
fetch https://www.news.example/ https://www.news.example/style.css https://www.news.example/site.js https://www.news.example/front.jpg
pause
cd /run
smbclient -s /dev/null //files.office.example/projects -U anna%winter-Sparrow-41 -c 'ls; get plan.txt; put plan.txt plan-reviewed.txt; ls'
pause
head -c 30000 /run/plan.txt >/run/offer.txt
swaks --silent 2 --server mail.office.example --ehlo anna.office.example --from anna@office.example --to ben@office.example \
	--header 'Subject: the offer for Monday' --body 'Please read before the call.' --attach-type text/plain --attach @/run/offer.txt
pause
fetch https://www.shop.example/ https://www.shop.example/logo.png https://www.shop.example/article2.html
swaks --silent 2 --server mail.office.example --ehlo anna.office.example --tls --from anna@office.example --to orders@partner.example \
	--header 'Subject: order 2231' --body 'Twelve boxes as last time, please.'
for n in 1 2 3 4; do fetch "https://wiki.office.example/article$n.html"; pause; done
fetch http://www.news.example/article3.html
dig +short mx partner.example
dig +short txt inventory.office.example +bufsize=4096 +ignore
