# Carla: a morning in the browser, and a machine that checks its clock.
. "$LAB/scripts/office/client.sh"
join
ntpdig 10.20.0.1 || true
for n in 1 2 3 4 5 6; do
	fetch "https://www.news.example/article$n.html" https://www.news.example/style.css
	pause
	dig +short www.shop.example
	fetch "http://www.news.example/article$n.html"
	pause
done
dig +short doesnotexist.news.example
dig +short -x 198.51.100.10
swaks --silent 2 --server mail.office.example --ehlo carla.office.example --from carla@office.example --to anna@office.example \
	--header 'Subject: lunch?' --body 'At half past twelve?'
ping -c 4 -i 0.3 10.20.0.1
ntpdig 10.20.0.1 || true
